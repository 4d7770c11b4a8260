import { fingerprint } from '@sallyport/core/extend';
import type { HashKind, StoredHash } from './password-hash.js';

/** A store has hashes of a few kinds; one with a kind per account is not imitated any further. */
const MAX_KINDS = 16;

/**
 * Hashes to check the passwords of unknown users against, so that they cost what known users cost: like the hashes that
 * were seen in the store, or like new ones are made as long as none was seen. Where a store holds several kinds, every
 * unknown name gets one of them, and always the same.
 */
export class DecoyHashes {
  readonly #usual: StoredHash;
  readonly #seen = new Map<string, StoredHash>();

  constructor(usual: HashKind) {
    this.#usual = decoyOf(usual);
  }

  /** Learns what the store's hashes are like. */
  imitate(kind: HashKind): void {
    const { prefix } = kind.shape;
    if (!this.#seen.has(prefix) && this.#seen.size < MAX_KINDS) this.#seen.set(prefix, decoyOf(kind));
  }

  for(userName: string): StoredHash {
    const seen = [...this.#seen.values()];
    return seen[Number.parseInt(fingerprint(userName), 16) % seen.length] ?? this.#usual;
  }
}

function decoyOf({ format, shape }: HashKind): StoredHash {
  return { format, shape, hash: format.decoy(shape) };
}
