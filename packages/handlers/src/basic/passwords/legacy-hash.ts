import { createHash, hash as digestOf, randomBytes, timingSafeEqual } from 'node:crypto';
import type { StoredHashFormat } from './password-hash-format.js';

// Both are checked on the event loop: SHA-1 takes microseconds, 1 000 rounds of MD5 about a millisecond. No library for
// `$apr1$` is kept up and takes bytes, so its rounds stand here, over the MD5 of node:crypto.

const SHA1 = /^\{SHA\}([A-Za-z0-9+/]{26}[AEIMQUYcgkosw048]=)$/;

/** `{SHA}` with the SHA-1 of the password, as `htpasswd -s` writes it: no salt and no work. */
export const sha1: StoredHashFormat = {
  algorithm: 'sha1',

  read(hash) {
    return SHA1.test(hash) ? { prefix: '{SHA}', saltBytes: 0, digestBytes: 20, work: 1 } : undefined;
  },

  decoy: () => `{SHA}${randomBytes(20).toString('base64')}`,

  async verify(hash, password) {
    const [, digest = ''] = SHA1.exec(hash) ?? [];
    const stored = Buffer.from(digest, 'base64');
    const computed = digestOf('sha1', password, 'buffer');
    return stored.length === computed.length && timingSafeEqual(stored, computed);
  },
};

const APR1 = /^\$apr1\$([./0-9A-Za-z]{1,8})\$([./0-9A-Za-z]{21}[./01])$/;
const LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Apache's MD5 hash, as `htpasswd` writes it without `-B`. */
export const apr1: StoredHashFormat = {
  algorithm: 'apr1',

  read(hash) {
    return APR1.test(hash) ? { prefix: '$apr1$', saltBytes: 6, digestBytes: 16, work: 1_000 } : undefined;
  },

  decoy: () => `$apr1$${randomBytes(6).toString('hex').slice(0, 8)}$${encoded(randomBytes(16))}`,

  async verify(hash, password) {
    const [, salt, stored] = APR1.exec(hash) ?? [];
    if (salt === undefined || stored === undefined) return false;
    return timingSafeEqual(Buffer.from(encoded(apr1Digest(password, Buffer.from(salt)))), Buffer.from(stored));
  },
};

/** The algorithm of Apache's apr_md5_encode. */
function apr1Digest(password: Uint8Array, salt: Uint8Array): Buffer {
  const inner = md5(password, salt, password);
  const parts: Uint8Array[] = [password, Buffer.from('$apr1$'), salt];
  for (let left = password.length; left > 0; left -= 16) parts.push(inner.subarray(0, Math.min(left, 16)));
  for (let bits = password.length; bits > 0; bits >>= 1) {
    parts.push(bits % 2 === 1 ? Buffer.of(0) : password.subarray(0, 1));
  }
  let digest = md5(...parts);
  for (let round = 0; round < 1_000; round += 1) {
    const isOdd = round % 2 === 1;
    digest = md5(
      isOdd ? password : digest,
      round % 3 === 0 ? NOTHING : salt,
      round % 7 === 0 ? NOTHING : password,
      isOdd ? digest : password,
    );
  }
  return digest;
}

const NOTHING = new Uint8Array(0);

function md5(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The bytes of a digest in the order of Apache, six bits a letter, the lowest first. */
function encoded(digest: Uint8Array): string {
  const at = (index: number) => digest[index] as number;
  const triples = [0, 1, 2, 3, 4].map((first) => [first, first + 6, first === 4 ? 5 : first + 12] as const);
  const words = triples.map(([high, middle, low]) => letters((at(high) << 16) | (at(middle) << 8) | at(low), 4));
  return `${words.join('')}${letters(at(11), 2)}`;
}

function letters(value: number, count: number): string {
  return Array.from({ length: count }, (_, index) => LETTERS.charAt((value >> (6 * index)) & 63)).join('');
}
