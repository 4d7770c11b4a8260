import { createHmac, hash, randomBytes } from 'node:crypto';

/** Used where no secret is configured: hashes then mean nothing outside of this process. */
const processSecret: string = randomBytes(32).toString('hex');

/**
 * Names texts by a keyed SHA-256, so that a name tells nothing about its text and two purposes never share a name.
 * The prefix has a fixed length, one block of the hash: no text can be read as part of it.
 */
export class KeyedHash {
  readonly #prefix: string;

  constructor(secret: string | undefined, purpose: string) {
    this.#prefix = createHmac('sha256', secret ?? processSecret)
      .update(purpose)
      .digest('hex');
  }

  /** 32 characters of one byte each: the smallest string that holds the whole hash. `text` is well-formed Unicode. */
  of(text: string): string {
    return hash('sha256', this.#prefix + text, 'binary');
  }
}

/** The same name in letters that keys of databases may contain. */
export function printable(name: string): string {
  return Buffer.from(name, 'latin1').toString('base64url');
}
