import { createHmac, timingSafeEqual } from 'node:crypto';

const PURPOSE = 'sallyport api-key 1\0';
/** While a key is rotated, two of its texts are good. */
export const MOST_SECRETS = 2;
const HASH_BYTES = 32;
/** Compared where there is no hash. No key has it. */
const NO_HASH: Buffer = Buffer.alloc(HASH_BYTES);

/**
 * The hashes by which keys are kept: HMAC-SHA-256 (RFC 2104) with the deployment secret. A slow hash, as passwords need it,
 * would gain nothing: a key has 256 random bits, which nobody tries out. With the deployment secret, a stolen store does not
 * even tell whether a key that somebody found belongs to it.
 */
export class KeyHashes {
  readonly #secrets: readonly string[];

  /** The first secret writes, all read. */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  of(key: string): string {
    return hashed(this.#secrets[0] as string, key).toString('base64url');
  }

  /** What a key may be kept as, by each secret. */
  allOf(key: string): readonly string[] {
    return this.#secrets.map((secret) => hashed(secret, key).toString('base64url'));
  }

  /**
   * Finds the hash of a key among those of a record, and returns its index. The time does not depend on which it is, on how many there are, or on whether there are any: always
   * as many are compared as there can be.
   */
  find(key: string, hashes: readonly string[]): number | undefined {
    let found: number | undefined;
    for (const secret of this.#secrets) {
      const expected = hashed(secret, key);
      for (let index = 0; index < MOST_SECRETS; index += 1) {
        const isSame = timingSafeEqual(expected, bytesOf(hashes[index]));
        if (isSame) found ??= index;
      }
    }
    return found;
  }
}

function hashed(secret: string, key: string): Buffer {
  return createHmac('sha256', secret).update(PURPOSE).update(key).digest();
}

function bytesOf(hash: string | undefined): Buffer {
  const bytes = Buffer.from(hash ?? '', 'base64url');
  return bytes.length === HASH_BYTES ? bytes : NO_HASH;
}
