import { option, runtime } from '@sallyport/core/extend';
import { type Argon2idCost, type Argon2idOptions, argon2id, argon2idOptions } from './argon2id.js';
import { hasControlCharacter, MAX_PASSWORD_BYTES, normalForm } from './basic-text.js';
import { type BcryptCost, type BcryptOptions, bcrypt, bcryptOptions } from './bcrypt.js';
import { missingCode } from './native-code.js';
import { type HashKind, isWeaker } from './password-hash.js';
import type { PasswordHashFormat } from './password-hash-format.js';
import { type ScryptOptions, type ScryptSettings, scrypt, scryptOptions } from './scrypt.js';

/** How new hashes are made. */
export type HashingOptions = Argon2idOptions | ScryptOptions | BcryptOptions;

export type HashingSettings = Argon2idCost | ScryptSettings | BcryptCost;

/** The option check of hashing. */
export const hashingOptions = option.byValue<HashingSettings, HashingOptions>('algorithm', {
  argon2id: argon2idOptions,
  scrypt: scryptOptions,
  bcrypt: bcryptOptions,
});

/** Argon2id with 19 MiB and 2 passes. */
export const usualHashing: HashingSettings = argon2idOptions({ algorithm: 'argon2id' });

/** Makes hashes with one algorithm at one cost, and recognises weaker stored hashes. */
export class PasswordHasher {
  /** The kind of its hashes. */
  readonly target: HashKind;
  /** @throws {RangeError} for bcrypt, when the password is longer than 72 bytes */
  readonly hash: (password: Uint8Array) => Promise<string>;
  /**
   * Loads the library that it needs, if it needs one.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where it is missing
   */
  readonly load: () => Promise<void>;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: HashingOptions) {
    const { target, hash, load } = bound(hashingOptions(options, 'HashingOptions'));
    if (runtime === 'workers' && load !== undefined) throw missingCode(target.format.algorithm);
    this.target = target;
    this.hash = hash;
    this.load = async () => load?.();
  }

  isOutdated(stored: HashKind): boolean {
    return isWeaker(stored, this.target);
  }
}

interface Bound extends Pick<PasswordHasher, 'target' | 'hash'> {
  readonly load: (() => Promise<void>) | undefined;
}

function bound(settings: HashingSettings): Bound {
  switch (settings.algorithm) {
    case 'argon2id':
      return bind(argon2id, settings);
    case 'scrypt':
      return bind(scrypt, settings);
    case 'bcrypt':
      return bind(bcrypt, settings);
  }
}

function bind<Cost>(format: PasswordHashFormat<Cost>, cost: Cost): Bound {
  const target = { format, shape: format.shapeOf(cost) };
  return { target, hash: (password) => format.hash(password, cost), load: format.load };
}

/**
 * Makes the hash of a password for a user store. Default: Argon2id with 19 MiB and 2 passes.
 * @throws {TypeError} when no login could ever present this password: longer than 1 024 bytes, not well-formed
 *   Unicode, or with a control character (RFC 7617 2)
 * @throws {RangeError} for bcrypt, when the password is longer than 72 bytes
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const hash = await hashPassword('a long passphrase'); // $argon2id$v=19$m=19456,t=2,p=1$…
 */
export async function hashPassword(
  password: string,
  options: HashingOptions = { algorithm: 'argon2id' },
): Promise<string> {
  const hasher = new PasswordHasher(options);
  const bytes = Buffer.from(normalForm(password));
  const isWellFormed = bytes.toString() === normalForm(password);
  const fits = bytes.length <= MAX_PASSWORD_BYTES && !hasControlCharacter(bytes);
  if (!isWellFormed || !fits) throw new TypeError('no login can present this password');
  return hasher.hash(bytes);
}
