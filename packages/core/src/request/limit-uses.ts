/** How one limit stands for a request, as data. It names the kind of key, and never the key. */
export interface LimitUse {
  /** The name of the limit. */
  readonly limit: string;
  /** What it counts by, such as `client` or `client operation`. */
  readonly by: string;
  /** What is used of the limit, this request included if it was granted. */
  readonly used: number;
  /** The most that may be used; a share of the limit while its store does not answer. */
  readonly most: number;
  /** What this request costs. */
  readonly cost: number;
  readonly refused: boolean;
  /** True if a counter store is configured but gave no answer, so that this process counted by itself. */
  readonly isLocal: boolean;
}

/** The standing of a limit as response fields tell it. */
export interface ToldUse {
  /** An item of `RateLimit-Policy`, such as `"day";q=1000;w=86400`. */
  readonly policy: string;
  /** An item of `RateLimit`, such as `"day";r=12;t=3600`. */
  readonly standing: string;
}

/** A limit that was counted for a request, and whatever it found out. */
interface Counted {
  readonly limit: object;
  readonly key: string;
  readonly result: unknown;
  told: ToldUse | undefined;
}

/**
 * The identity of what leases ask guards about again. That is no request which somebody has sent: limits count nothing for
 * it.
 */
export const RECHECKED: object = Object.freeze({});

/**
 * The limits that were counted for one request. Adapters may ask for several decisions about a request, for example of a
 * router and of a route: each limit counts the request once.
 */
export class LimitUses {
  static readonly #known = new WeakMap<object, LimitUses>();
  static readonly #recheck = new this(true);
  /** Whether a lease asks again, and nothing is to be counted. */
  readonly isRecheck: boolean;
  readonly #counted: Counted[] = [];

  constructor(isRecheck = false) {
    this.isRecheck = isRecheck;
  }

  /** Those of the request that has this identity. */
  static of(identity: object): LimitUses {
    if (identity === RECHECKED) return this.#recheck;
    const known = this.#known.get(identity) ?? new this();
    this.#known.set(identity, known);
    return known;
  }

  /** What a limit found out when it counted this key for the request; undefined if it has not. */
  find(limit: object, key: string): unknown {
    return this.#counted.find((each) => each.limit === limit && each.key === key)?.result;
  }

  /** `told` stays away for a limit that tells callers nothing. */
  note(limit: object, key: string, result: unknown, told: ToldUse | undefined): void {
    const before = this.#counted.find((each) => each.limit === limit && each.told !== undefined);
    // A limit that counts two keys tells of the last.
    if (before !== undefined && told !== undefined) before.told = undefined;
    this.#counted.push({ limit, key, result, told });
  }

  get told(): readonly ToldUse[] {
    return this.#counted.flatMap(({ told }) => told ?? []);
  }
}
