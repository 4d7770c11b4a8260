import { LRUCache } from 'lru-cache';
import type { Authenticated, Denied } from '../handler/verdict.js';

/** A verdict in a cache. */
export class Remembered<Kept extends Authenticated | Denied> {
  readonly verdict: Kept;
  /** On the monotonic clock and whole, so that it takes no number object of its own. */
  readonly freshUntilMs: number;
  /** The last revocation that it is known to have survived. */
  epoch: number;

  constructor(verdict: Kept, freshUntilMs: number, epoch: number) {
    this.verdict = verdict;
    this.freshUntilMs = Math.floor(freshUntilMs);
    this.epoch = epoch;
  }
}

/** A bounded space of remembered verdicts: the least recently used goes first. */
export class VerdictSpace<Kept extends Authenticated | Denied> {
  readonly #entries: LRUCache<string, Remembered<Kept>>;
  readonly #footprint: ((verdict: Kept) => number) | undefined;
  #evictions = 0;

  /** Without `maxBytes` only entries are counted: for verdicts that are all of one small size. */
  constructor(maxEntries: number, limit?: { maxBytes: number; footprint: (verdict: Kept) => number }) {
    const size = limit === undefined ? {} : { maxSize: Math.floor(limit.maxBytes) };
    this.#entries = new LRUCache({
      max: Math.floor(maxEntries),
      ...size,
      dispose: (_value, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
      },
    });
    this.#footprint = limit?.footprint;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** 0 where only entries are counted. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** How many verdicts had to make room for others. */
  get evictions(): number {
    return this.#evictions;
  }

  find(key: string): Remembered<Kept> | undefined {
    return this.#entries.get(key);
  }

  keep(key: string, remembered: Remembered<Kept>): void {
    const options = this.#footprint && { size: this.#footprint(remembered.verdict) };
    this.#entries.set(key, remembered, options);
  }

  dropWhere(isConcerned: (verdict: Kept) => boolean): void {
    const entries = [...this.#entries.entries()];
    for (const [key, { verdict }] of entries) if (isConcerned(verdict)) this.#entries.delete(key);
  }

  drop(key: string): void {
    this.#entries.delete(key);
  }
}
