import { createHmac, hash, randomBytes } from 'node:crypto';

/** Used when no secret is configured, and made then. Such hashes are good in this process only. */
let processSecret: string | undefined;

function secretOfProcess(): string {
  processSecret ??= randomBytes(32).toString('hex');
  return processSecret;
}

const PREFIX_BYTES = 64;
const MAX_SCRATCH_CHARACTERS = 4_096;

/**
 * Holds prefix and text side by side, so that a cache hit allocates no concatenated string. Hashing is synchronous, so
 * one buffer is enough. It is wiped after each use, because texts are credentials.
 */
const scratch: Buffer = Buffer.alloc(PREFIX_BYTES + 3 * MAX_SCRATCH_CHARACTERS);
/** The hash whose prefix stands at the beginning of the scratch. */
let owner: KeyedHash | undefined;
/** Views of the beginning of the scratch, by length. */
const beginnings = new Map<number, Buffer>();

/**
 * Turns texts into names by a keyed SHA-256. A name tells nothing about its text, and different purposes give different
 * names. The prefix always fills one block of the hash, so no text can be read as part of it.
 */
export class KeyedHash {
  readonly #secret: string | (() => string);
  readonly #purpose: string;
  #made: Buffer | undefined;

  /** @param secret the secret, or what makes it when it is needed first. Default: that of the process */
  constructor(secret: string | (() => string) | undefined, purpose: string) {
    this.#secret = secret ?? secretOfProcess;
    this.#purpose = purpose;
  }

  /**
   * 32 characters of one byte each: the smallest string that holds the whole hash. `text` must be well-formed Unicode.
   */
  of(text: string): string {
    if (text.length > MAX_SCRATCH_CHARACTERS) return hash('sha256', `${this.#prefix()}${text}`, 'binary');
    if (owner !== this) {
      scratch.set(this.#prefix());
      owner = this;
    }
    const end = PREFIX_BYTES + scratch.write(text, PREFIX_BYTES);
    const name = hash('sha256', beginning(end), 'binary');
    scratch.fill(0, PREFIX_BYTES, end);
    return name;
  }

  /** Made with the first name: Workers have no random bytes while a program loads. */
  #prefix(): Buffer {
    if (this.#made === undefined) {
      const secret = typeof this.#secret === 'string' ? this.#secret : this.#secret();
      const key = createHmac('sha256', secret).update(this.#purpose);
      this.#made = Buffer.from(key.digest('hex'));
    }
    return this.#made;
  }
}

/** The same name in base64url, which keys of databases may contain. */
export function printable(name: string): string {
  return Buffer.from(name, 'latin1').toString('base64url');
}

/** The name that `printable` wrote. */
export function unprintable(text: string): string {
  return Buffer.from(text, 'base64url').toString('latin1');
}

function beginning(length: number): Buffer {
  let bytes = beginnings.get(length);
  if (bytes === undefined) {
    bytes = scratch.subarray(0, length);
    beginnings.set(length, bytes);
  }
  return bytes;
}
