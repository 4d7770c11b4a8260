import type { SecurityScheme } from '@sallyport/core';
import type { CircuitFigure, Eventually } from '@sallyport/core/extend';
import type { KeyName } from './key-name.js';
import type { KeySelection, KeyTable } from './key-table.js';
import type { KeyOwner, VerificationKey } from './verification-key.js';

/** The keys of one issuer, wherever they come from. */
export interface KeySet {
  /** The usable keys that are known now. */
  readonly keys: readonly VerificationKey[];
  /** What the issuer's metadata tell its clients, where they led to the keys. */
  readonly securitySchemes?: readonly SecurityScheme[];
  /**
   * The keys that may have signed a token with this header. Known keys are returned without a promise. Rejects with an
   * `UpstreamError` when the keys cannot be fetched. Looking for an unknown key uses up a share of the network of
   * `address`.
   */
  find(name: KeyName, algorithm: string, address?: string): Eventually<KeySelection>;
  /** The same of the keys that are known now; nothing is fetched for it. */
  known(name: KeyName, algorithm: string): KeySelection;
  /**
   * As `find`, after a signature did not fit: another key may have taken the place of the known one. `undefined` where
   * nothing newer is to be had; never rejects. It uses up a share like an unknown key.
   */
  findAnew?(name: KeyName, algorithm: string, address?: string): Promise<KeySelection | undefined>;
  /** Whether keys are fetched, or not for a while after failures. */
  readonly circuits?: readonly CircuitFigure[];
  /** Fetches remote keys, so that the first token does not wait. Rejects when that fails. */
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

  find(name: KeyName, algorithm: string): KeySelection {
    return this.#table.select(name, algorithm);
  }

  known(name: KeyName, algorithm: string): KeySelection {
    return this.find(name, algorithm);
  }
}

/** One configured key or secret. A token need not name the key, but must not name another one. */
export class SingleKey implements KeySet {
  readonly keys: readonly [VerificationKey];

  constructor(key: VerificationKey, owner?: KeyOwner) {
    this.keys = [key];
    key.belongTo(owner);
  }

  find({ id }: KeyName, algorithm: string): KeySelection {
    const [key] = this.keys;
    const isNamed = id === undefined || key.id === undefined || id === key.id;
    if (!isNamed) return 'unknown';
    return key.algorithms.has(algorithm) ? this.keys : 'unfit';
  }

  known(name: KeyName, algorithm: string): KeySelection {
    return this.find(name, algorithm);
  }
}

/** The keys of a set that are known now: a token that no key of it has signed causes no fetch. */
export class KnownKeys implements KeySet {
  readonly #set: KeySet;

  constructor(set: KeySet) {
    this.#set = set;
  }

  get keys(): readonly VerificationKey[] {
    return this.#set.keys;
  }

  find(name: KeyName, algorithm: string): KeySelection {
    return this.#set.known(name, algorithm);
  }

  known(name: KeyName, algorithm: string): KeySelection {
    return this.#set.known(name, algorithm);
  }
}
