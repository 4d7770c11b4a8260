import { randomBytes } from 'node:crypto';

export type PasswordAlgorithm = 'argon2id' | 'scrypt' | 'bcrypt';

/** Hashes that cost an attacker next to nothing. They are read where an option says so, and never made. */
export type LegacyHash = 'apr1' | 'sha1';

/** The algorithm, costs and lengths of a stored hash, without its salt and digest. */
export interface HashShape {
  /** Everything before the salt: algorithm and costs. */
  readonly prefix: string;
  readonly saltBytes: number;
  readonly digestBytes: number;
  /** How much work one check takes; comparable within one algorithm only. */
  readonly work: number;
}

/** One way in which passwords were stored. Passwords are UTF-8 bytes, which can be wiped. */
export interface StoredHashFormat {
  readonly algorithm: PasswordAlgorithm | LegacyHash;
  /**
   * Reads a stored hash. `undefined` when it is of another format, or when one check would cost more than a login may.
   */
  read(hash: string): HashShape | undefined;
  /** A random hash of this shape, for which nobody knows a password. */
  decoy(shape: HashShape): string;
  verify(hash: string, password: Uint8Array): Promise<boolean>;
}

/**
 * One way of storing passwords. `Cost` is the type of its checked options. Hashing runs on other threads. The library is
 * loaded on first use.
 */
export interface PasswordHashFormat<Cost = never> extends StoredHashFormat {
  readonly algorithm: PasswordAlgorithm;
  /**
   * Loads the library. Absent where there is none.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where it is missing
   */
  load?(): Promise<void>;
  /** The shape of hashes that are made at this cost. */
  shapeOf(cost: Cost): HashShape;
  /** @throws {RangeError} when the algorithm cannot take a password of this length */
  hash(password: Uint8Array, cost: Cost): Promise<string>;
}

/** Base64 without padding, as PHC strings have it. */
export function encodeUnpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

/** The bytes of canonical base64 without padding; `undefined` for any other spelling. */
export function decodeUnpadded(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return encodeUnpadded(bytes) === text ? bytes : undefined;
}

/** A PHC string of this shape with a random salt and digest. */
export function randomPhcString({ prefix, saltBytes, digestBytes }: HashShape): string {
  return `${prefix}$${encodeUnpadded(randomBytes(saltBytes))}$${encodeUnpadded(randomBytes(digestBytes))}`;
}
