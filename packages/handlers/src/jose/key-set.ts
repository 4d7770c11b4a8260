import type { Eventually } from '@sallyport/core/extend';
import type { KeySelection, KeyTable } from './key-table.js';
import type { KeyOwner, VerificationKey } from './verification-key.js';

/** The keys of one issuer, wherever they come from. */
export interface KeySet {
  /** The usable keys that are known now. */
  readonly keys: readonly VerificationKey[];
  /**
   * The key that a token's header names. Rejects with an `UpstreamError` when nobody can tell; a key that is known is
   * returned as it is and not as a promise. `address` tells whose share it takes to look for a key that is not known.
   */
  find(id: string | undefined, algorithm: string, address?: string): Eventually<KeySelection>;
  /** Fetches what has to be fetched, so that the first token does not wait. Rejects when that fails. */
  start?(): Promise<void>;
  close?(): Promise<void>;
}

/** A key set that was configured with the handler. */
export class StaticKeySet implements KeySet {
  readonly #table: KeyTable;

  constructor(table: KeyTable, owner?: KeyOwner) {
    this.#table = table;
    for (const key of table.keys) key.belongTo(owner);
  }

  get keys(): readonly VerificationKey[] {
    return this.#table.keys;
  }

  find(id: string | undefined, algorithm: string): KeySelection {
    return this.#table.select(id, algorithm);
  }
}

/** One configured key or secret: the only one there is, so that a token need not name it, but may not name another. */
export class SingleKey implements KeySet {
  readonly keys: readonly [VerificationKey];

  constructor(key: VerificationKey, owner?: KeyOwner) {
    this.keys = [key];
    key.belongTo(owner);
  }

  find(id: string | undefined, algorithm: string): KeySelection {
    const [key] = this.keys;
    const isNamed = id === undefined || key.id === undefined || id === key.id;
    if (!isNamed) return 'unknown';
    return key.algorithms.has(algorithm) ? key : 'unfit';
  }
}
