import type { VerificationKey } from './verification-key.js';

/** The key. Or `unknown`: no key has this identifier. Or `unfit`: the key must not be used for this algorithm. */
export type KeySelection = VerificationKey | 'unknown' | 'unfit';

/** The usable keys of a set, by identifier. */
export class KeyTable {
  readonly keys: readonly VerificationKey[];
  /** Identifiers that several different keys have. None of those keys is used (RFC 7517 4.5). */
  readonly ambiguous: ReadonlySet<string>;
  readonly #byId = new Map<string, VerificationKey>();

  constructor(keys: readonly VerificationKey[]) {
    const ambiguous = new Set<string>();
    for (const key of keys) {
      const { id } = key;
      const known = id === undefined ? undefined : this.#byId.get(id);
      if (id !== undefined && known !== undefined && !known.isSameKey(key)) ambiguous.add(id);
      else if (id !== undefined && known === undefined) this.#byId.set(id, key);
    }
    this.ambiguous = ambiguous;
    // A key that is published twice counts once.
    const usable = keys.filter((key) => {
      return key.id === undefined || (this.#byId.get(key.id) === key && !ambiguous.has(key.id));
    });
    this.keys = [...new Set(usable)];
  }

  /** Without an identifier, exactly one key must fit the algorithm (RFC 7515 4.1.4). */
  select(id: string | undefined, algorithm: string): KeySelection {
    if (id === undefined) return this.#onlyKeyFor(algorithm);
    const key = this.#byId.get(id);
    if (key === undefined) return 'unknown';
    return key.algorithms.has(algorithm) && !this.ambiguous.has(id) ? key : 'unfit';
  }

  /** The key of this table that equals `key` in everything. If there is none, `key` itself. */
  counterpart(key: VerificationKey): VerificationKey {
    return this.keys.find((candidate) => candidate.isUnchanged(key)) ?? key;
  }

  #onlyKeyFor(algorithm: string): KeySelection {
    const [key, ...others] = this.keys.filter(({ algorithms }) => algorithms.has(algorithm));
    return key !== undefined && others.length === 0 ? key : 'unfit';
  }
}
