import { randomBytes } from 'node:crypto';

export type PasswordAlgorithm = 'argon2id' | 'scrypt' | 'bcrypt';

/** What a stored hash tells about itself, besides salt and digest. */
export interface HashShape {
  /** Everything before the salt: algorithm and costs. */
  readonly prefix: string;
  readonly saltBytes: number;
  readonly digestBytes: number;
  /** How much work one check takes; comparable within one algorithm only. */
  readonly work: number;
}

/**
 * One way of storing passwords. `Cost` is the format's checked options. Passwords come as UTF-8 bytes, so that they
 * can be wiped; hashing happens on other threads, and the library is loaded on first use.
 */
export interface PasswordHashFormat<Cost = never> {
  readonly algorithm: PasswordAlgorithm;
  /** Reads a stored hash; `undefined` when it is of another format, or asks for more than a login may cost. */
  read(hash: string): HashShape | undefined;
  /** The shape of the hashes that these costs give. */
  shapeOf(cost: Cost): HashShape;
  /** A hash of this shape that no password has. */
  decoy(shape: HashShape): string;
  /** @throws {RangeError} when the algorithm cannot take a password of this length */
  hash(password: Uint8Array, cost: Cost): Promise<string>;
  verify(hash: string, password: Uint8Array): Promise<boolean>;
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
