import { argon2id } from './argon2id.js';
import { bcrypt } from './bcrypt.js';
import { apr1, sha1 } from './legacy-hash.js';
import type { HashShape, LegacyHash, StoredHashFormat } from './password-hash-format.js';
import { scrypt } from './scrypt.js';

/** Every format that a stored hash may have, the weakest first. */
const FORMATS: readonly StoredHashFormat[] = [sha1, apr1, bcrypt, scrypt, argon2id];
const LEGACY: readonly StoredHashFormat[] = [sha1, apr1];

/** How hashes are made: the algorithm and its cost. */
export interface HashKind {
  readonly format: StoredHashFormat;
  readonly shape: HashShape;
}

/** A stored hash that passwords can be checked against. */
export interface StoredHash extends HashKind {
  readonly hash: string;
}

/**
 * Recognises a stored hash. `undefined` when its format is unknown or a legacy one that is not in `legacy`, or when one
 * check would cost more than a login may.
 */
export function readHash(hash: string, legacy: readonly LegacyHash[] = []): StoredHash | undefined {
  for (const format of FORMATS) {
    if (LEGACY.includes(format) && !legacy.includes(format.algorithm as LegacyHash)) continue;
    const shape = format.read(hash);
    if (shape !== undefined) return { format, shape, hash };
  }
  return undefined;
}

/** True when `one` has a weaker algorithm than `other`, or the same algorithm with less work. */
export function isWeaker(one: HashKind, other: HashKind): boolean {
  if (one.format !== other.format) return FORMATS.indexOf(one.format) < FORMATS.indexOf(other.format);
  return one.shape.work < other.shape.work;
}
