import { createHmac, hash, randomBytes } from 'node:crypto';

/** Used where no secret is configured: hashes then mean nothing outside of this process. */
const processSecret: string = randomBytes(32).toString('hex');

const PREFIX_BYTES = 64;
const MAX_SCRATCH_CHARACTERS = 4_096;

/**
 * Where prefix and text are laid side by side, so that a hit does not allocate a concatenated string. Hashing is
 * synchronous, hence one place serves everybody; it is wiped each time, because texts are credentials.
 */
const scratch: Buffer = Buffer.alloc(PREFIX_BYTES + 3 * MAX_SCRATCH_CHARACTERS);
/** Whose prefix is at the beginning of the scratch. */
let owner: KeyedHash | undefined;
/** The beginnings of the scratch, by length. */
const beginnings = new Map<number, Buffer>();

/**
 * Names texts by a keyed SHA-256, so that a name tells nothing about its text and two purposes never share a name.
 * The prefix has a fixed length, one block of the hash: no text can be read as part of it.
 */
export class KeyedHash {
  readonly #prefix: Buffer;

  constructor(secret: string | undefined, purpose: string) {
    const key = createHmac('sha256', secret ?? processSecret).update(purpose);
    this.#prefix = Buffer.from(key.digest('hex'));
  }

  /** 32 characters of one byte each: the smallest string that holds the whole hash. `text` is well-formed Unicode. */
  of(text: string): string {
    if (text.length > MAX_SCRATCH_CHARACTERS) return hash('sha256', `${this.#prefix}${text}`, 'binary');
    if (owner !== this) {
      scratch.set(this.#prefix);
      owner = this;
    }
    const end = PREFIX_BYTES + scratch.write(text, PREFIX_BYTES);
    const name = hash('sha256', beginning(end), 'binary');
    scratch.fill(0, PREFIX_BYTES, end);
    return name;
  }
}

/** The same name in letters that keys of databases may contain. */
export function printable(name: string): string {
  return Buffer.from(name, 'latin1').toString('base64url');
}

function beginning(length: number): Buffer {
  let bytes = beginnings.get(length);
  if (bytes === undefined) {
    bytes = scratch.subarray(0, length);
    beginnings.set(length, bytes);
  }
  return bytes;
}
