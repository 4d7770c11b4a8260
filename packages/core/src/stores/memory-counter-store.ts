import { LRUCache } from 'lru-cache';
import { type Clock, clockOption } from '../clock/clock.js';
import * as option from '../options/options.js';
import type { Count, CounterStore } from './counter-store.js';

export const MEMORY_COUNTER_STORE = option.table('MemoryCounterStoreOptions', {
  /** The most counters kept at once; the one with the oldest window is dropped first. */
  maxEntries: option.withDefault(option.between(1, 10_000_000), 100_000),
});

export interface MemoryCounterStoreOptions extends option.Given<typeof MEMORY_COUNTER_STORE> {}

export const MEMORY_COUNTER_STORE_COLLABORATORS = option.table('MemoryCounterStoreCollaborators', {
  clock: clockOption,
});

interface Counter {
  value: number;
  /** On the monotonic clock. */
  readonly endsAtMs: number;
}

/**
 * Counts in this process. Bounded, because attackers choose the names that are counted. It has no timers: windows are
 * checked when they are read. When it is full, it drops the counter with the oldest window. Counters that have reached
 * their limit are dropped last, so that junk does not push them out, unless they are more than half of all.
 * @example
 * const counters = new MemoryCounterStore();
 * counters.add('alice', 900); // { value: 1, endsInMs: 900000 }
 * counters.reset('alice');
 */
export class MemoryCounterStore implements CounterStore {
  readonly #counting: LRUCache<string, Counter>;
  readonly #spent: LRUCache<string, Counter>;
  readonly #maxEntries: number;
  readonly #clock: Clock;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: MemoryCounterStoreOptions = {}, collaborators: { clock?: Clock | undefined } = {}) {
    const { maxEntries } = MEMORY_COUNTER_STORE(options);
    const { clock } = MEMORY_COUNTER_STORE_COLLABORATORS(collaborators);
    this.#maxEntries = Math.floor(maxEntries);
    this.#counting = inOrderOfWindows(this.#maxEntries);
    this.#spent = inOrderOfWindows(this.#maxEntries);
    this.#clock = clock;
  }

  /** Counters kept, also those whose window has ended. */
  get size(): number {
    return this.#counting.size + this.#spent.size;
  }

  get(key: string): Count | undefined {
    const counter = this.#find(key);
    return counter && { value: counter.value, endsInMs: counter.endsAtMs - this.#clock.monotonic() };
  }

  /** A counter that reaches `limit` is kept for longer than others. Default: `most`. */
  add(
    key: string,
    windowSeconds: number,
    amount: number = 1,
    most: number = Number.POSITIVE_INFINITY,
    limit: number = most,
  ): Count {
    const nowMs = this.#clock.monotonic();
    const known = this.#find(key);
    const value = (known?.value ?? 0) + amount;
    if (value > most) return { value, endsInMs: known === undefined ? 0 : known.endsAtMs - nowMs };
    const counter = known ?? this.#open(key, { value: 0, endsAtMs: nowMs + windowSeconds * 1_000 });
    counter.value = value;
    if (value >= limit) this.#keepLonger(key, counter);
    return { value, endsInMs: counter.endsAtMs - nowMs };
  }

  reset(key: string): void {
    this.#counting.delete(key);
    this.#spent.delete(key);
  }

  /** Takes over the count of another store if it is higher. Returns the count that holds from then on. */
  raise(key: string, count: Count, limit: number = Number.POSITIVE_INFINITY): Count {
    const known = this.get(key);
    if (known !== undefined && count.value <= known.value) return known;
    this.reset(key);
    const counter = this.#open(key, {
      value: count.value,
      endsAtMs: this.#clock.monotonic() + count.endsInMs,
    });
    if (counter.value >= limit) this.#keepLonger(key, counter);
    return count;
  }

  #find(key: string): Counter | undefined {
    const counter = this.#spent.peek(key) ?? this.#counting.peek(key);
    if (counter === undefined || this.#clock.monotonic() < counter.endsAtMs) return counter;
    this.reset(key);
    return undefined;
  }

  #open(key: string, counter: Counter): Counter {
    if (this.size >= this.#maxEntries) this.#dropOne();
    this.#counting.set(key, counter);
    return counter;
  }

  #keepLonger(key: string, counter: Counter): void {
    if (!this.#counting.delete(key)) return;
    this.#spent.set(key, counter);
  }

  #dropOne(): void {
    const [oldest] = this.#spent.rvalues();
    const isOver = oldest !== undefined && oldest.endsAtMs <= this.#clock.monotonic();
    const counters = isOver || this.#spent.size > this.#maxEntries / 2 ? this.#spent : this.#counting;
    counters.pop();
  }
}

/**
 * Drops the oldest window first, because keys are never set twice or read with `get`. `maxSize` instead of `max`:
 * memory is taken only as entries come.
 */
function inOrderOfWindows(maxEntries: number): LRUCache<string, Counter> {
  return new LRUCache({ maxSize: maxEntries, sizeCalculation: () => 1 });
}
