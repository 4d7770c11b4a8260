import { type KeyName, meaningOf, textOf } from './key-name.js';
import type { VerificationKey } from './verification-key.js';

/**
 * The keys that may have signed a token, one or a few. Or `unknown`: no key has the name that the token says. Or
 * `unfit`: no key may be used for this algorithm, or too many may.
 */
export type KeySelection = readonly VerificationKey[] | 'unknown' | 'unfit';

/** How many keys are tried for a token that names none: what a bearer makes us compute stays small. */
const MAX_CANDIDATES = 4;

/** The usable keys of a set, by identifier. */
export class KeyTable {
  readonly keys: readonly VerificationKey[];
  /** Identifiers that several different keys have for one algorithm. None of those keys is used (RFC 7517 4.5). */
  readonly ambiguous: ReadonlySet<string>;
  readonly #byId: ReadonlyMap<string | undefined, readonly VerificationKey[]>;

  constructor(keys: readonly VerificationKey[]) {
    const byId = grouped(distinct(keys));
    const ambiguous = new Set<string>();
    for (const [id, namesakes] of byId) {
      const sole = namesakes.filter((key) => id === undefined || !namesakes.some((other) => key.isRivalOf(other)));
      if (id !== undefined && sole.length < namesakes.length) ambiguous.add(id);
      byId.set(id, sole);
    }
    this.ambiguous = ambiguous;
    this.#byId = byId;
    this.keys = [...byId.values()].flat();
  }

  /**
   * By identifier, otherwise by thumbprint (RFC 7515 4.1.4, 4.1.7). Without a name, the keys that fit the algorithm are
   * the candidates, if they are few (RFC 7515 D).
   */
  select(name: KeyName, algorithm: string): KeySelection {
    const named = name.id === undefined ? this.#meantBy(name) : this.#byId.get(name.id);
    if (named === undefined) return 'unknown';
    const fitting = named.filter(({ algorithms }) => algorithms.has(algorithm));
    return fitting.length > 0 && fitting.length <= MAX_CANDIDATES ? fitting : 'unfit';
  }

  /** The key of this table that equals `key` in everything. If there is none, `key` itself. */
  counterpart(key: VerificationKey): VerificationKey {
    return this.#byId.get(key.id)?.find((candidate) => candidate.isUnchanged(key)) ?? key;
  }

  /** Keys with this thumbprint; otherwise those that have none, because they may have it. */
  #meantBy(name: KeyName): readonly VerificationKey[] | undefined {
    if (textOf(name) === undefined) return this.keys;
    const by = (meaning: string) => this.keys.filter((key) => meaningOf(name.thumbprints, key.thumbprints) === meaning);
    return [by('meant'), by('unsaid')].find((keys) => keys.length > 0);
  }
}

/** A key that is published twice counts once. */
function distinct(keys: readonly VerificationKey[]): readonly VerificationKey[] {
  const byName = new Map<string | undefined, VerificationKey>();
  for (const key of keys) if (!byName.has(key.name)) byName.set(key.name, key);
  return [...byName.values()];
}

function grouped(keys: readonly VerificationKey[]): Map<string | undefined, readonly VerificationKey[]> {
  const groups = new Map<string | undefined, VerificationKey[]>();
  for (const key of keys) {
    const group = groups.get(key.id);
    if (group === undefined) groups.set(key.id, [key]);
    else group.push(key);
  }
  return groups;
}
