import { oneLine } from './quoted.js';
import { spellingsOf } from './spellings.js';

const MAX_LENGTH = 500;
/** No more of a text is read: what stands behind is not shown. */
const MAX_READ = 4_000;
const CUT = '(cut out)';
/** So much of a credential in a row is cut out. Less of it tells nothing. */
const TELLING = 8;
/** A shorter credential stands in every text by accident. */
const FINDABLE = 4;

/**
 * A text that others wrote, such as the message of an error, without credentials: they are cut out, as they are, in base64,
 * base64url and hex, percent-encoded, in any case of letters, and also where the text has only 8 characters of one. A
 * text with a credential of fewer than four characters is not shown at all. The result is one printable line of at most
 * 500 characters.
 */
export function withoutCredentials(text: string, credentials: readonly string[]): string {
  const [rest] = textsWithoutCredentials([text], credentials);
  return oneLine(rest as string, MAX_LENGTH);
}

/** The same for several texts, which may be longer: the credentials are spelled out once. */
export function textsWithoutCredentials(texts: readonly string[], credentials: readonly string[]): readonly string[] {
  const read = texts.map((text) => text.slice(0, MAX_READ));
  const given = credentials.filter((credential) => credential !== '');
  const tiny = given.filter(({ length }) => length < FINDABLE);
  const needles = given.flatMap(spellingsOf).map(foldedCase);
  const found = sharedPieces(read.map(foldedCase), needles);
  const short = needles.filter(({ length }) => length < TELLING && length >= FINDABLE);
  return read.map((text) =>
    tiny.some((credential) => text.includes(credential))
      ? CUT
      : oneLine(without(text, tellingParts(foldedCase(text), found, short)), MAX_READ),
  );
}

/** ASCII letters alone: others may change the length of the text. */
function foldedCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Which characters of the text belong to a credential. */
function tellingParts(text: string, pieces: ReadonlySet<string>, short: readonly string[]): readonly boolean[] {
  const isTelling = new Array<boolean>(text.length).fill(false);
  for (const [start, piece] of piecesOf(text)) if (pieces.has(piece)) isTelling.fill(true, start, start + TELLING);
  for (const needle of short) {
    for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1)) {
      isTelling.fill(true, at, at + needle.length);
    }
  }
  return isTelling;
}

/** The pieces of 8 characters that the texts share with credentials. */
function sharedPieces(texts: readonly string[], needles: readonly string[]): ReadonlySet<string> {
  const pieces = new Set(texts.flatMap((text) => [...piecesOf(text)].map(([, piece]) => piece)));
  const shared = new Set<string>();
  for (const needle of needles) {
    for (let start = 0; start + TELLING <= needle.length; start += 1) {
      const piece = needle.slice(start, start + TELLING);
      if (pieces.has(piece)) shared.add(piece);
    }
  }
  return shared;
}

function* piecesOf(text: string): Iterable<readonly [start: number, piece: string]> {
  for (let start = 0; start + TELLING <= text.length; start += 1) yield [start, text.slice(start, start + TELLING)];
}

function without(text: string, isTelling: readonly boolean[]): string {
  let rest = '';
  for (let index = 0; index < text.length; index += 1) {
    if (!isTelling[index]) rest += text[index];
    else if (!isTelling[index - 1]) rest += CUT;
  }
  return rest;
}
