import { LRUCache } from 'lru-cache';
import type { Authenticated, Denied, Unavailable } from '../verdict/verdict.js';
import type { Basis } from './basis.js';

/** What is remembered of credentials that are not good: refusals, and for how long nobody asks about one. */
export type Negative = Denied | Unavailable;

/** A verdict in a cache. */
export class Remembered<Kept extends Authenticated | Negative> {
  readonly verdict: Kept;
  /** On the monotonic clock and whole, so that it takes no number object of its own. */
  readonly freshUntilMs: number;
  /** The last revocation that it is known to have survived. */
  epoch: number;
  readonly basis: Basis | undefined;

  constructor(verdict: Kept, freshUntilMs: number, epoch: number, basis?: Basis) {
    this.verdict = verdict;
    this.freshUntilMs = Math.floor(freshUntilMs);
    this.epoch = epoch;
    this.basis = basis;
  }
}

/** What else than the number of its verdicts bounds a space. */
export interface SpaceLimit<Kept> {
  readonly maxBytes: number;
  readonly footprint: (verdict: Kept) => number;
}

/**
 * A bounded space of remembered verdicts: the least recently used goes first. It takes the memory for its places with
 * the first verdict: a hundred thousand bytes and more, which many a handler never needs for its refusals.
 */
export class VerdictSpace<Kept extends Authenticated | Negative> {
  readonly #maxEntries: number;
  readonly #limit: SpaceLimit<Kept> | undefined;
  #entries: LRUCache<string, Remembered<Kept>> | undefined;
  #evictions = 0;

  /** Without a limit only entries are counted: for verdicts that are all of one small size. */
  constructor(maxEntries: number, limit?: SpaceLimit<Kept>) {
    this.#maxEntries = Math.floor(maxEntries);
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** 0 where only entries are counted. */
  get bytes(): number {
    return this.#entries?.calculatedSize ?? 0;
  }

  /** How many verdicts had to make room for others. */
  get evictions(): number {
    return this.#evictions;
  }

  find(key: string): Remembered<Kept> | undefined {
    return this.#entries?.get(key);
  }

  keep(key: string, remembered: Remembered<Kept>): void {
    this.#entries ??= this.#open();
    const options = this.#limit && { size: this.#limit.footprint(remembered.verdict) };
    this.#entries.set(key, remembered, options);
  }

  drop(key: string): void {
    this.#entries?.delete(key);
  }

  /** Lets go of everything at once, without looking at it. */
  clear(): void {
    this.#entries = undefined;
  }

  #open(): LRUCache<string, Remembered<Kept>> {
    const size = this.#limit && { maxSize: Math.floor(this.#limit.maxBytes) };
    return new LRUCache({
      max: this.#maxEntries,
      ...size,
      dispose: (_value, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
      },
    });
  }
}
