import { type Clock, type GoodBefore, networkOf } from '@sallyport/core/extend';
import { LRUCache } from 'lru-cache';

const MAX_MISSING = 1_000;
const MAX_NETWORKS = 1_000;
/** Fetches in a cool-down that all strangers together can cause, and as many all other networks. */
const FETCHES = 4;

/**
 * Limits what tokens with made-up key identifiers can cause: one fetch per network and cool-down, a few for all networks
 * together, and none for an identifier that a fetch for the same network did not bring within the last two. Networks
 * from which good tokens came have fetches that strangers cannot use up.
 */
export class UnknownKeyBudget {
  readonly #cooldownMs: number;
  readonly #clock: Clock;
  readonly #good: GoodBefore;
  readonly #missingUntilMs = new LRUCache<string, number>({ max: MAX_MISSING });
  readonly #strangers: FetchShare;
  readonly #neighbours: FetchShare;

  constructor(cooldownMs: number, { clock, good }: { clock: Clock; good: GoodBefore }) {
    this.#cooldownMs = cooldownMs;
    this.#clock = clock;
    this.#good = good;
    this.#strangers = new FetchShare(cooldownMs);
    this.#neighbours = new FetchShare(cooldownMs);
  }

  /** True when a fetch may be made; the cool-down begins, whatever becomes of that fetch. */
  spend(address: string | undefined): boolean {
    const share = this.#good.isNeighbour(address) ? this.#neighbours : this.#strangers;
    return share.spend(networkOf(address), this.#clock.monotonic());
  }

  isMissing(id: string, address: string | undefined): boolean {
    const untilMs = this.#missingUntilMs.get(nameOf(id, address));
    return untilMs !== undefined && this.#clock.monotonic() < untilMs;
  }

  /** Others may still look for it: whoever guesses the name of a coming key must not hide it from them. */
  noteMissing(id: string, address: string | undefined): void {
    this.#missingUntilMs.set(nameOf(id, address), this.#clock.monotonic() + 2 * this.#cooldownMs);
  }
}

class FetchShare {
  readonly #cooldownMs: number;
  readonly #nextMsOf = new LRUCache<string, number>({ max: MAX_NETWORKS });
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(cooldownMs: number) {
    this.#cooldownMs = cooldownMs;
  }

  spend(network: string, nowMs: number): boolean {
    if (nowMs < this.#nextMs || nowMs < (this.#nextMsOf.get(network) ?? Number.NEGATIVE_INFINITY)) return false;
    this.#nextMs = nowMs + this.#cooldownMs / FETCHES;
    this.#nextMsOf.set(network, nowMs + this.#cooldownMs);
    return true;
  }
}

/** No network has a space in its name. */
function nameOf(id: string, address: string | undefined): string {
  return `${networkOf(address)} ${id}`;
}
