import { randomBytes } from 'node:crypto';
import { option } from '@sallyport/core/extend';
import { nativeCode } from './native-code.js';
import { encodeUnpadded, type HashShape, type PasswordHashFormat } from './password-hash-format.js';

const MAX_COST = 16;
const MAX_PASSWORD_BYTES = 72;
const SALT_BYTES = 16;
const DIGEST_BYTES = 23;

const BCRYPT_OPTIONS = option.table('BcryptOptions', {
  algorithm: option.oneOf('bcrypt'),
  /** Binary logarithm of the rounds. */
  cost: option.withDefault(option.wholeBetween(10, MAX_COST), 12),
});

/** bcrypt, for files that other servers read as well. It takes passwords of at most 72 bytes. */
export interface BcryptOptions extends option.Given<typeof BCRYPT_OPTIONS> {}

export interface BcryptCost extends option.Kept<typeof BCRYPT_OPTIONS> {}

export const bcryptOptions: option.Table<BcryptCost, BcryptOptions> = BCRYPT_OPTIONS;

/**
 * `$2a$`, `$2b$` and `$2y$` mean the same today. `$2x$` marks the hashes of a broken implementation. The last letter of
 * the salt and of the digest has spare bits. They must be zero: a hash with other spare bits would never match.
 */
const PATTERN = /^(\$2[aby]\$(0[4-9]|1[0-6])\$)[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

const library = () => nativeCode('bcrypt', () => import('#bcrypt'));

export const bcrypt: PasswordHashFormat<BcryptCost> = {
  algorithm: 'bcrypt',

  read(hash) {
    const [, prefix, cost] = PATTERN.exec(hash) ?? [];
    if (prefix === undefined) return undefined;
    return { prefix, saltBytes: SALT_BYTES, digestBytes: DIGEST_BYTES, work: 2 ** Number(cost) };
  },

  shapeOf({ cost }): HashShape {
    return { prefix: `$2y$${cost}$`, saltBytes: SALT_BYTES, digestBytes: DIGEST_BYTES, work: 2 ** cost };
  },

  load: async () => void (await library()),

  decoy({ prefix }) {
    return `${prefix}${encodeBcrypt(randomBytes(SALT_BYTES))}${encodeBcrypt(randomBytes(DIGEST_BYTES))}`;
  },

  async hash(password, { cost }) {
    if (password.length > MAX_PASSWORD_BYTES) throw new RangeError('bcrypt takes passwords of 72 bytes at most');
    const { hash } = await library();
    return hash(password, cost);
  },

  /**
   * bcrypt ignores everything after 72 bytes. A longer password never matches, but takes the same work
   * (CVE-2025-22228).
   */
  async verify(hash, password) {
    const { verify } = await library();
    const matches = await verify(password.subarray(0, MAX_PASSWORD_BYTES), hash);
    return matches && password.length <= MAX_PASSWORD_BYTES;
  },
};

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BCRYPT = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Base64 with the alphabet of bcrypt. */
function encodeBcrypt(bytes: Buffer): string {
  return Array.from(encodeUnpadded(bytes), (letter) => BCRYPT.charAt(STANDARD.indexOf(letter))).join('');
}
