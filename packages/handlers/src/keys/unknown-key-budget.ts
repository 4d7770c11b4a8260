import { type Clock, Expiring, type GoodBefore, networkOf } from '@sallyport/core/extend';

const MAX_MISSING = 1_000;
const MAX_NETWORKS = 1_000;
/** Fetches in a cool-down that all strangers together can cause, and as many all other networks. */
const FETCHES = 4;

/**
 * Limits what tokens with made-up key identifiers or signatures can cause: one fetch per network and cool-down, a few for all networks
 * together, and none for an identifier that a fetch for the same network did not bring within the last two. Networks
 * from which good tokens came have fetches that strangers cannot use up.
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

/** No network has a space in its name. */
function nameOf(id: string | undefined, address: string | undefined): string {
  return `${networkOf(address)} ${id}`;
}
