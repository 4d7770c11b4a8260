import { hasControlCharacter, MAX_PASSWORD_BYTES, normalForm } from './basic-text.js';
import { type HashingOptions, PasswordHasher } from './password-hasher.js';

/**
 * Makes the hash of a password, for a user store: Argon2id with 19 MiB and 2 passes unless said otherwise.
 * @throws {TypeError} when no login could ever present this password: empty, longer than 1 024 bytes, not
 *   well-formed Unicode, or with a control character (RFC 7617 2)
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
