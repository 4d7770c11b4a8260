import { type Clock, Expiring, type GoodBefore, networkOf } from '@sallyport/core/extend';

const MAX_MISSING = 1_000;
const MAX_NETWORKS = 1_000;
/**
 * The number of fetches that all strangers together can cause in one cool-down. All other networks together can cause
 * as many.
 */
const FETCHES = 4;

/**
 * Limits the fetches that tokens with made-up key identifiers or signatures cause. In one cool-down, a network causes
 * one fetch, and all networks together cause a few. An identifier that a fetch for this network did not bring causes
 * none for two cool-downs. Networks that sent good tokens have fetches of their own, which strangers cannot use up.
 */
export class UnknownKeyBudget {
  readonly #cooldownMs: number;
  readonly #good: GoodBefore;
  readonly #missing: Expiring<true>;
  readonly #strangers: FetchShare;
  readonly #neighbours: FetchShare;

  constructor(cooldownMs: number, { clock, good }: { clock: Clock; good: GoodBefore }) {
    this.#cooldownMs = cooldownMs;
    this.#good = good;
    this.#missing = new Expiring({ maxEntries: MAX_MISSING }, clock);
    this.#strangers = new FetchShare(cooldownMs, clock);
    this.#neighbours = new FetchShare(cooldownMs, clock);
  }

  /** True when a fetch may be made. The cool-down then begins, also if the fetch fails. */
  spend(address: string | undefined): boolean {
    const share = this.#good.isNeighbour(address) ? this.#neighbours : this.#strangers;
    return share.spend(networkOf(address));
  }

  isMissing(id: string | undefined, address: string | undefined): boolean {
    return this.#missing.has(nameOf(id, address));
  }

  /** Other networks may still look for the key: guessing the name of a future key must not hide it from them. */
  noteMissing(id: string | undefined, address: string | undefined): void {
    this.#missing.set(nameOf(id, address), true, 2 * this.#cooldownMs);
  }
}

class FetchShare {
  readonly #cooldownMs: number;
  readonly #clock: Clock;
  readonly #spent: Expiring<true>;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(cooldownMs: number, clock: Clock) {
    this.#cooldownMs = cooldownMs;
    this.#clock = clock;
    this.#spent = new Expiring({ maxEntries: MAX_NETWORKS }, clock);
  }

  spend(network: string): boolean {
    const nowMs = this.#clock.monotonic();
    if (nowMs < this.#nextMs || this.#spent.has(network)) return false;
    this.#nextMs = nowMs + this.#cooldownMs / FETCHES;
    this.#spent.set(network, true, this.#cooldownMs);
    return true;
  }
}

/** The network comes first: no network has a space in its name, so two names never mix. */
function nameOf(id: string | undefined, address: string | undefined): string {
  return `${networkOf(address)} ${id}`;
}
