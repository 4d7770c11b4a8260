import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../clock/clock.js';
import * as option from '../options/options.js';
import type { CacheStore } from './cache-store.js';

export interface MemoryCacheStoreOptions {
  /** Values kept at once, the least recently used goes first. 1 to 10 000 000, default 10 000. */
  readonly maxEntries?: number | undefined;
  /** Bytes of keys and values kept at once. 1 to 1 099 511 627 776, default 33 554 432. */
  readonly maxBytes?: number | undefined;
}

interface Kept {
  readonly value: string;
  /** On the monotonic clock. */
  readonly endsAtMs: number;
}

/** A cache store in this process, shared by the caches that it is given to. Lifetimes end lazily: it owns no timer. */
export class MemoryCacheStore implements CacheStore {
  readonly #entries: LRUCache<string, Kept>;
  readonly #clock: Clock;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: MemoryCacheStoreOptions = {}, collaborators: { clock?: Clock | undefined } = {}) {
    const checked = option.check('MemoryCacheStoreOptions', options, {
      maxEntries: option.withDefault(option.between(1, 10_000_000), 10_000),
      maxBytes: option.withDefault(option.between(1, 2 ** 40), 2 ** 25),
    });
    const services = option.check('MemoryCacheStoreCollaborators', collaborators, {
      clock: option.withDefault(option.having<Clock>('now', 'monotonic', 'schedule'), systemClock),
    });
    this.#entries = new LRUCache({
      max: Math.floor(checked.maxEntries),
      maxSize: Math.floor(checked.maxBytes),
      sizeCalculation: ({ value }, key) => Buffer.byteLength(key) + Buffer.byteLength(value) + 1,
    });
    this.#clock = services.clock;
  }

  get(key: string): string | undefined {
    const kept = this.#entries.get(key);
    if (kept === undefined) return undefined;
    if (this.#clock.monotonic() < kept.endsAtMs) return kept.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: string, ttlMs: number): void {
    this.#entries.set(key, { value, endsAtMs: this.#clock.monotonic() + ttlMs });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
