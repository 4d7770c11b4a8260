import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.js';

export interface ExpiringLimits<Value> {
  /** Values kept at once. */
  readonly maxEntries: number;
  /** Bytes kept at once, and the size of a value: a whole number, 1 or more. Default: bytes are not counted. */
  readonly bytes?: { readonly most: number; readonly of: (value: Value, key: string) => number } | undefined;
}

interface Entry<Value> {
  readonly value: Value;
  /** On the monotonic clock. */
  readonly endsAtMs: number;
}

/**
 * A bounded map whose values expire. When it is full, the least recently used value is dropped. There is no timer: an
 * expired value is dropped when somebody asks for it. Memory is allocated with the first value.
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

  /** Includes expired values that nobody has asked for since. */
  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** How many values were dropped because the map was full. */
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

  /** Looks at every value. */
  deleteWhere(isGone: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries?.entries() ?? []) {
      if (isGone(value)) this.delete(key);
    }
  }

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
