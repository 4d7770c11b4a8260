import { argon2id } from './argon2id.js';
import { bcrypt } from './bcrypt.js';
import type { HashShape, PasswordHashFormat } from './password-hash-format.js';
import { scrypt } from './scrypt.js';

/** Every format that a stored hash may have, the weakest first. */
const FORMATS: readonly PasswordHashFormat[] = [bcrypt, scrypt, argon2id];

/** How hashes are made: by which algorithm, at which cost. */
export interface HashKind {
  readonly format: PasswordHashFormat;
  readonly shape: HashShape;
}

/** A stored hash that passwords can be checked against. */
export interface StoredHash extends HashKind {
  readonly hash: string;
}

/** Recognises a stored hash; `undefined` when it is in no known format or asks for more than a login may cost. */
export function readHash(hash: string): StoredHash | undefined {
  for (const format of FORMATS) {
    const shape = format.read(hash);
    if (shape !== undefined) return { format, shape, hash };
  }
  return undefined;
}

/** True when hashes of one kind are made by a weaker algorithm than those of another, or with less work. */
export function isWeaker(one: HashKind, other: HashKind): boolean {
  if (one.format !== other.format) return FORMATS.indexOf(one.format) < FORMATS.indexOf(other.format);
  return one.shape.work < other.shape.work;
}
