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
