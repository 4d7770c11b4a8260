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
 * 500 characters, or of `maxLength`.
 */
export function withoutCredentials(
  text: string,
  credentials: readonly string[],
  maxLength: number = MAX_LENGTH,
): string {
  const read = text.slice(0, MAX_READ);
  const given = credentials.filter((credential) => credential !== '');
  if (given.some((credential) => credential.length < FINDABLE && read.includes(credential))) return CUT;
  const folded = foldedCase(read);
  const needles = given.flatMap(spellingsOf).map(foldedCase);
  return oneLine(without(read, tellingParts(folded, needles)), maxLength);
}

/** ASCII letters alone: others may change the length of the text. */
function foldedCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Which characters of the text belong to a credential. */
function tellingParts(text: string, needles: readonly string[]): readonly boolean[] {
  const isTelling = new Array<boolean>(text.length).fill(false);
  const found = piecesIn(text, needles);
  for (let start = 0; start + TELLING <= text.length; start += 1) {
    if (found.has(text.slice(start, start + TELLING))) isTelling.fill(true, start, start + TELLING);
  }
  for (const needle of needles.filter(({ length }) => length < TELLING && length >= FINDABLE)) {
    for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1)) {
      isTelling.fill(true, at, at + needle.length);
    }
  }
  return isTelling;
}

/** The pieces of 8 characters that the text shares with a credential. */
function piecesIn(text: string, needles: readonly string[]): ReadonlySet<string> {
  const pieces = new Set<string>();
  for (let start = 0; start + TELLING <= text.length; start += 1) pieces.add(text.slice(start, start + TELLING));
  const found = new Set<string>();
  for (const needle of needles) {
    for (let start = 0; start + TELLING <= needle.length; start += 1) {
      const piece = needle.slice(start, start + TELLING);
      if (pieces.has(piece)) found.add(piece);
    }
  }
  return found;
}

function without(text: string, isTelling: readonly boolean[]): string {
  let rest = '';
  for (let index = 0; index < text.length; index += 1) {
    if (!isTelling[index]) rest += text[index];
    else if (!isTelling[index - 1]) rest += CUT;
  }
  return rest;
}
