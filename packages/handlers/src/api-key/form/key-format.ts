import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { option } from '@sallyport/core/extend';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 71 bits: two keys get the same one by accident only among billions of keys, and a store refuses the second. */
const ID_LENGTH = 12;
/** 256 bits. */
const SECRET_LENGTH = 43;
/** 62^6 is more than 2^32. */
const CHECKSUM_LENGTH = 6;
const BODY_LENGTH: number = ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH;
const BODY = `[0-9A-Za-z]{${BODY_LENGTH}}`;

const PREFIX = '^[a-z](?:_?[a-z0-9]){1,23}$';

/** The check of the prefix of keys. */
export const keyPrefix: option.Check<string> = option.withSchema({ type: 'string', pattern: PREFIX }, (value, name) => {
  const prefix = option.text(value, name);
  if (new RegExp(PREFIX).test(prefix)) return prefix;
  throw option.invalid(name, 'must be 2 to 24 small letters and digits with single _ between them, a letter first');
});

/** A new key. */
export interface IssuedKey {
  readonly id: string;
  /** The key itself: secret. */
  readonly text: string;
}

/** Why a text is no key. */
export type KeyFlaw = 'form' | 'checksum';

/**
 * How keys are written: `<prefix>_<id><secret><checksum>`. All parts behind the prefix are of letters and digits, so that a
 * double click selects a key as a whole, and so that it needs no escaping in URLs, shells and headers. The prefix tells
 * scanners of repositories whose key it is. The checksum (CRC-32) lets them, and us, tell a key from what only looks like one.
 */
export class KeyFormat {
  readonly beginning: string;
  readonly #length: number;
  readonly #form: RegExp;

  /** @param prefix one that passed `keyPrefix` */
  constructor(prefix: string) {
    this.beginning = `${prefix}_`;
    this.#length = this.beginning.length + BODY_LENGTH;
    this.#form = new RegExp(`^${this.beginning}${BODY}$`);
  }

  /** What scanners look for: the source of a regular expression. */
  get pattern(): string {
    return `\\b${this.beginning}${BODY}\\b`;
  }

  /** A new key, of a new or a given id. */
  issue(id: string = randomText(ID_LENGTH)): IssuedKey {
    const unchecked = this.beginning + id + randomText(SECRET_LENGTH);
    return { id, text: unchecked + checksumOf(unchecked) };
  }

  /** Cheap enough for every request. */
  hasLengthOf(text: string): boolean {
    return text.length === this.#length;
  }

  /** Whether a text has the form of a key. Says nothing about its checksum. */
  fits(text: string): boolean {
    return this.hasLengthOf(text) && this.#form.test(text);
  }

  /** What is wrong with a text as a key, as far as the text alone shows it. */
  flawOf(text: string): KeyFlaw | undefined {
    if (!this.fits(text)) return 'form';
    const end = text.length - CHECKSUM_LENGTH;
    return checksumOf(text.slice(0, end)) === text.slice(end) ? undefined : 'checksum';
  }

  /** The id in a text of the form of a key. */
  idOf(text: string): string {
    const start = this.beginning.length;
    return text.slice(start, start + ID_LENGTH);
  }
}

const ID = new RegExp(`^[0-9A-Za-z]{${ID_LENGTH}}$`);

/** Whether a text can be the id of a key. */
export function isKeyId(text: string): boolean {
  return ID.test(text);
}

function randomText(length: number): string {
  let text = '';
  while (text.length < length) text += ALPHABET[randomInt(ALPHABET.length)];
  return text;
}

/** The CRC-32 of a text, the digit of the highest value first. */
function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  while (digits.length < CHECKSUM_LENGTH) {
    digits = ALPHABET[rest % ALPHABET.length] + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}
