import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.js';

export interface ExpiringLimits<Value> {
  /** Values kept at once, the least recently used goes first. */
  readonly maxEntries: number;
  /** Bytes kept at once, and how many a value takes: a whole number, 1 or more. Default: only values are counted. */
  readonly bytes?: { readonly most: number; readonly of: (value: Value, key: string) => number } | undefined;
}

interface Entry<Value> {
  readonly value: Value;
  /** On the monotonic clock. */
  readonly endsAtMs: number;
}

/**
 * Values by name, each until its end: bounded, the least recently used goes first. An end is noticed when somebody asks
 * for the value, so there is no timer. It takes the memory for its places with the first value.
 */
export class Expiring<Value> {
  readonly #limits: ExpiringLimits<Value>;
  readonly #clock: Clock;
  #entries: LRUCache<string, Entry<Value>> | undefined;
  #evictions = 0;

  constructor(limits: ExpiringLimits<Value>, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Also counts values that have ended, as long as nobody asked for them. */
  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** How many values had to make room for others. */
  get evictions(): number {
    return this.#evictions;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries?.get(key);
    if (entry === undefined) return undefined;
    if (this.#clock.monotonic() < entry.endsAtMs) return entry.value;
    this.delete(key);
    return undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  set(key: string, value: Value, ttlMs: number): void {
    this.#entries ??= this.#open();
    this.#entries.set(key, { value, endsAtMs: this.#clock.monotonic() + ttlMs });
  }

  delete(key: string): void {
    this.#entries?.delete(key);
  }

  /** Forgets every value of which this is true. Looks at all of them. */
  deleteWhere(isGone: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries?.entries() ?? []) {
      if (isGone(value)) this.delete(key);
    }
  }

  /** Forgets everything at once, without looking at it. */
  clear(): void {
    this.#entries = undefined;
  }

  #open(): LRUCache<string, Entry<Value>> {
    const { maxEntries, bytes } = this.#limits;
    const size = bytes && {
      maxSize: Math.floor(bytes.most),
      sizeCalculation: ({ value }: Entry<Value>, key: string) => bytes.of(value, key),
    };
    return new LRUCache({
      max: Math.floor(maxEntries),
      ...size,
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
      },
    });
  }
}
