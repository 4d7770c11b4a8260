import { LRUCache } from 'lru-cache';
import { AuthenticatedVerdict } from '../verdict/authenticated-verdict.js';
import type { Authenticated } from '../verdict/verdict.js';
import type { Basis } from './basis.js';

/** The times of a verdict, in milliseconds on the monotonic clock. */
export interface VerdictTimes {
  readonly askedMs: number;
  readonly freshUntilMs: number;
}

/**
 * A good verdict in a cache: a copy that knows its times. One object for both saves 32 bytes for each credential (bench:
 * cache).
 */
export class Remembered extends AuthenticatedVerdict {
  readonly #askedMs: number;
  readonly #basis: Basis | undefined;
  #epoch: number;

  constructor({ principal, headers }: Authenticated, times: VerdictTimes, epoch: number, basis: Basis | undefined) {
    super(principal, headers, Math.floor(times.freshUntilMs));
    this.#askedMs = Math.floor(times.askedMs);
    this.#epoch = epoch;
    this.#basis = basis;
  }

  /** On the monotonic clock. A whole number, because V8 stores others as separate objects. */
  get freshUntilMs(): number {
    return AuthenticatedVerdict.freshUntilMs(this);
  }

  /** When it was asked for: what it says was true then. On the same clock, and whole as well. */
  get askedMs(): number {
    return this.#askedMs;
  }

  get basis(): Basis | undefined {
    return this.#basis;
  }

  /** The last revocation that it was checked against. */
  get epoch(): number {
    return this.#epoch;
  }

  /** No setter: handlers and applications get this verdict, and must not change it. */
  static noteChecked(remembered: Remembered, epoch: number): void {
    remembered.#epoch = epoch;
  }
}

export interface VerdictSpaceLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/**
 * A bounded space of good verdicts: the least recently used goes first. Callers check the lifetimes, because a verdict may
 * be used past its lifetime during an outage. Memory is allocated with the first verdict.
 */
export class VerdictSpace {
  readonly #limits: VerdictSpaceLimits;
  readonly #onLeave: (key: string, remembered: Remembered) => void;
  #entries: LRUCache<string, Remembered> | undefined;
  #bytes = 0;
  #evictions = 0;

  /** @param onLeave told of each verdict that leaves without another one about the same credential in its place */
  constructor(limits: VerdictSpaceLimits, onLeave: (key: string, remembered: Remembered) => void) {
    this.#limits = limits;
    this.#onLeave = onLeave;
  }

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many verdicts were dropped because the space was full. */
  get evictions(): number {
    return this.#evictions;
  }

  find(key: string): Remembered | undefined {
    return this.#entries?.get(key);
  }

  /** This does not count as a use. */
  has(key: string): boolean {
    return this.#entries?.has(key) === true;
  }

  keep(key: string, remembered: Remembered): void {
    const bytes = footprintBytes(remembered);
    const { maxBytes } = this.#limits;
    if (bytes > maxBytes) {
      this.drop(key);
      return;
    }
    this.#entries ??= this.#open();
    this.#bytes += bytes;
    this.#entries.set(key, remembered);
    while (this.#bytes > maxBytes) this.#entries.pop();
  }

  drop(key: string): void {
    this.#entries?.delete(key);
  }

  #open(): LRUCache<string, Remembered> {
    return new LRUCache({
      max: Math.floor(this.#limits.maxEntries),
      dispose: (remembered, key, reason) => {
        // Counted anew: to list all sizes would cost each verdict 8 bytes (bench: cache).
        this.#bytes -= footprintBytes(remembered);
        if (reason === 'evict') this.#evictions += 1;
        if (reason !== 'set') this.#onLeave(key, remembered);
      },
    });
  }
}

/** A verdict, its principal with empty lists, its key and its place in the cache. */
const FIXED_BYTES = 400;

/** An estimate of the memory that a verdict takes, good enough for a limit. */
function footprintBytes({ principal, headers }: Authenticated): number {
  return FIXED_BYTES + sizeOf(principal.claims) + sizeOf(principal.scopes) + sizeOf(principal.roles) + sizeOf(headers);
}

/** Ends, because `freezeClaims` allows no cycles and at most 32 levels. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 56;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) bytes += 8 + sizeOf(value[index]);
    return bytes;
  }
  // By `in`, which makes no list of names (bench: jwt): claims have no prototype, lists have one.
  for (const name in value) bytes += 8 + name.length + sizeOf((value as Record<string, unknown>)[name]);
  return bytes;
}
