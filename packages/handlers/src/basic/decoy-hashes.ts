import { fingerprint } from '@sallyport/core';
import type { HashKind, StoredHash } from './password-hash.js';

/** A store has hashes of a few kinds; one with a kind per account is not imitated any further. */
const MAX_KINDS = 16;

/**
 * Hashes to check the passwords of unknown users against, so that they cost what known users cost. Where a store holds
 * hashes of several kinds, every unknown name gets one of them, and always the same.
 */
export class DecoyHashes {
  readonly #decoys = new Map<string, StoredHash>();

  constructor(usual: HashKind) {
    this.imitate(usual);
  }

  /** Learns what the store's hashes are like. */
  imitate({ format, shape }: HashKind): void {
    if (this.#decoys.has(shape.prefix) || this.#decoys.size === MAX_KINDS) return;
    this.#decoys.set(shape.prefix, { format, shape, hash: format.decoy(shape) });
  }

  for(userName: string): StoredHash {
    const decoys = [...this.#decoys.values()];
    return decoys[Number.parseInt(fingerprint(userName), 16) % decoys.length] as StoredHash;
  }
}
