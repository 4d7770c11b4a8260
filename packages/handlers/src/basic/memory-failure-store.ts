import { between, type Clock, checkOptions, having, systemClock, withDefault } from '@sallyport/core';
import { LRUCache } from 'lru-cache';
import type { FailureCount, FailureStore } from './failure-store.js';

export interface MemoryFailureStoreOptions {
  /** Counters kept at once, the least recently used goes first. 1 to 10 000 000, default 100 000. */
  readonly maxEntries?: number | undefined;
}

interface Counter {
  readonly failures: number;
  /** On the monotonic clock. */
  readonly endsAtMs: number;
}

/**
 * Counts failures in this process. Bounded, because attackers choose the user names that are counted, and without
 * timers: windows end when they are looked at.
 */
export class MemoryFailureStore implements FailureStore {
  readonly #counters: LRUCache<string, Counter>;
  readonly #clock: Clock;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: MemoryFailureStoreOptions = {}, collaborators: { clock?: Clock | undefined } = {}) {
    const { maxEntries } = checkOptions('MemoryFailureStoreOptions', options, {
      maxEntries: withDefault(between(1, 10_000_000), 100_000),
    });
    const { clock } = checkOptions('MemoryFailureStoreCollaborators', collaborators, {
      clock: withDefault(having<Clock>('now', 'monotonic', 'schedule'), systemClock),
    });
    this.#counters = new LRUCache({ max: Math.floor(maxEntries) });
    this.#clock = clock;
  }

  /** Counters kept, also those whose window has ended. */
  get size(): number {
    return this.#counters.size;
  }

  get(key: string): FailureCount | undefined {
    const counter = this.#find(key);
    return counter && { failures: counter.failures, endsInMs: counter.endsAtMs - this.#clock.monotonic() };
  }

  add(key: string, windowSeconds: number): FailureCount {
    const nowMs = this.#clock.monotonic();
    const { failures, endsAtMs } = this.#find(key) ?? { failures: 0, endsAtMs: nowMs + windowSeconds * 1_000 };
    this.#counters.set(key, { failures: failures + 1, endsAtMs });
    return { failures: failures + 1, endsInMs: endsAtMs - nowMs };
  }

  reset(key: string): void {
    this.#counters.delete(key);
  }

  /** Takes over what another store has counted, where that is more. Returns what counts from then on. */
  raise(key: string, count: FailureCount): FailureCount {
    const known = this.get(key);
    if (known !== undefined && count.failures <= known.failures) return known;
    this.#counters.set(key, { failures: count.failures, endsAtMs: this.#clock.monotonic() + count.endsInMs });
    return count;
  }

  #find(key: string): Counter | undefined {
    const counter = this.#counters.get(key);
    if (counter === undefined) return undefined;
    if (this.#clock.monotonic() < counter.endsAtMs) return counter;
    this.#counters.delete(key);
    return undefined;
  }
}
