import { oneLine } from './quoted.js';

const MAX_LENGTH = 500;
const CUT = '(cut out)';
/** So much of a credential in a row is no accident. */
const TELLING = 12;
/** Runs of characters that tokens, keys and passwords are made of. */
const RUNS = /[\w.~+/=%-]{12,}/g;

/**
 * A text that others wrote, such as the message of an error, without credentials: they are cut out, also where a text
 * has only a part of 12 characters of one. A text with a credential of fewer than four characters is not shown at all. The
 * result is one printable line of at most 500 characters.
 */
export function withoutCredentials(text: string, credentials: readonly string[]): string {
  const needles = credentials.flatMap(spellings).toSorted((one, other) => other.length - one.length);
  if (needles.some((needle) => needle.length < 4 && text.includes(needle))) return CUT;
  const whole = needles.reduce((rest, needle) => rest.replaceAll(needle, CUT), text);
  const cut = whole.replace(RUNS, (run) => (needles.some((needle) => haveCommon(run, needle)) ? CUT : run));
  return oneLine(cut, MAX_LENGTH);
}

/** A text that is no Unicode cannot be encoded as it is. */
function spellings(credential: string): readonly string[] {
  return credential === '' ? [] : [credential, encodeURIComponent(Buffer.from(credential).toString())];
}

function haveCommon(run: string, needle: string): boolean {
  for (let start = 0; start + TELLING <= run.length; start += 1) {
    if (needle.includes(run.slice(start, start + TELLING))) return true;
  }
  return false;
}
