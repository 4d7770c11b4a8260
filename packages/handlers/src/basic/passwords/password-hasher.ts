import { option } from '@sallyport/core/extend';
import { type Argon2idOptions, argon2id, checkArgon2idOptions } from './argon2id.js';
import { hasControlCharacter, MAX_PASSWORD_BYTES, normalForm } from './basic-text.js';
import { type BcryptOptions, bcrypt, checkBcryptOptions } from './bcrypt.js';
import { type HashKind, isWeaker } from './password-hash.js';
import type { PasswordHashFormat } from './password-hash-format.js';
import { checkScryptOptions, type ScryptOptions, scrypt } from './scrypt.js';

/** How new hashes are made. */
export type HashingOptions = Argon2idOptions | ScryptOptions | BcryptOptions;

/** Makes hashes with one algorithm at one cost, and recognises weaker stored hashes. */
export class PasswordHasher {
  /** The kind of its hashes. */
  readonly target: HashKind;
  /** @throws {RangeError} for bcrypt, when the password is longer than 72 bytes */
  readonly hash: (password: Uint8Array) => Promise<string>;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: HashingOptions) {
    const { target, hash } = bound(options);
    this.target = target;
    this.hash = hash;
  }

  isOutdated(stored: HashKind): boolean {
    return isWeaker(stored, this.target);
  }
}

const ONE_OF = 'must be one of argon2id, scrypt, bcrypt';

type Bound = Pick<PasswordHasher, 'target' | 'hash'>;

function bound(options: HashingOptions): Bound {
  if (!options || !Object.hasOwn(options, 'algorithm')) throw option.invalid('HashingOptions.algorithm', ONE_OF);
  switch (options.algorithm) {
    case 'argon2id':
      return bind(argon2id, checkArgon2idOptions(options));
    case 'scrypt':
      return bind(scrypt, checkScryptOptions(options));
    case 'bcrypt':
      return bind(bcrypt, checkBcryptOptions(options));
    default:
      throw option.invalid('HashingOptions.algorithm', ONE_OF);
  }
}

function bind<Cost>(format: PasswordHashFormat<Cost>, cost: Cost): Bound {
  return { target: { format, shape: format.shapeOf(cost) }, hash: (password) => format.hash(password, cost) };
}

/**
 * Makes the hash of a password for a user store. Default: Argon2id with 19 MiB and 2 passes.
 * @throws {TypeError} when no login could ever present this password: empty, longer than 1 024 bytes, not well-formed
 *   Unicode, or with a control character (RFC 7617 2)
 * @throws {RangeError} for bcrypt, when the password is longer than 72 bytes
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export async function hashPassword(
  password: string,
  options: HashingOptions = { algorithm: 'argon2id' },
): Promise<string> {
  const hasher = new PasswordHasher(options);
  const bytes = Buffer.from(normalForm(password));
  const isWellFormed = bytes.toString() === normalForm(password);
  const fits = bytes.length > 0 && bytes.length <= MAX_PASSWORD_BYTES && !hasControlCharacter(bytes);
  if (!isWellFormed || !fits) throw new TypeError('no login can present this password');
  return hasher.hash(bytes);
}
