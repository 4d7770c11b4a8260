import { type Clock, clockOption } from '../clock/clock.js';
import { UpstreamError } from '../errors/errors.js';
import * as option from '../options/options.js';
import type { OnceStore } from './once-store.js';

export const MEMORY_ONCE_STORE = option.table('MemoryOnceStoreOptions', {
  /**
   * The most marks kept at once. None is dropped before its time: without room, a new one is refused with 503. One holder may
   * take as many places as it leaves free, so at most a half.
   */
  maxEntries: option.withDefault(option.between(2, 10_000_000), 1_000_000),
});

export interface MemoryOnceStoreOptions extends option.Given<typeof MEMORY_ONCE_STORE> {}

export const MEMORY_ONCE_STORE_COLLABORATORS = option.table('MemoryOnceStoreCollaborators', { clock: clockOption });

interface Mark {
  readonly key: string;
  readonly holder: string;
  /** On the monotonic clock. */
  readonly endsAtMs: number;
}

const NOBODY = '';
const RETRY_AFTER_SECONDS = 1;

/**
 * Marks in this process, so the process forgets them when it ends. Bounded, and without a timer: marks that have ended are
 * dropped when others are made. A holder may mark while it holds fewer places than are free. So one holder takes a half at
 * most, two a third each, and somebody who holds nothing yet finds the last place.
 *
 * @example
 * const onceStore = new MemoryOnceStore({ maxEntries: 10_000 });
 * onceStore.mark('delivery 7', 600); // true
 * onceStore.mark('delivery 7', 600); // false
 */
export class MemoryOnceStore implements OnceStore {
  readonly #marks = new Map<string, Mark>();
  /** By the second in which they end, so that ended ones are found without a look at all others. */
  readonly #ending = new Map<number, Mark[]>();
  readonly #held = new Map<string, number>();
  readonly #maxEntries: number;
  readonly #clock: Clock;
  #clearedSecond = Number.NEGATIVE_INFINITY;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: MemoryOnceStoreOptions = {}, collaborators: { clock?: Clock | undefined } = {}) {
    const { maxEntries } = MEMORY_ONCE_STORE(options);
    const { clock } = MEMORY_ONCE_STORE_COLLABORATORS(collaborators);
    this.#maxEntries = Math.floor(maxEntries);
    this.#clock = clock;
  }

  /** Marks kept. Those that ended less than a second ago may be among them. */
  get size(): number {
    this.#dropEnded(this.#clock.monotonic());
    return this.#marks.size;
  }

  /**
   * @throws {TypeError} if the time is no number above 0
   * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_OVERLOADED without room
   */
  mark(key: string, ttlSeconds: number, holder: string = NOBODY): boolean {
    if (!(ttlSeconds > 0)) throw new TypeError('a mark lasts for more than 0 seconds');
    const nowMs = this.#clock.monotonic();
    this.#dropEnded(nowMs);
    const known = this.#marks.get(key);
    if (known !== undefined && nowMs < known.endsAtMs) return false;
    if (known !== undefined) this.#drop(known);
    if (this.#heldBy(holder) >= this.#maxEntries - this.#marks.size) throw full();
    this.#keep({ key, holder, endsAtMs: nowMs + ttlSeconds * 1_000 });
    return true;
  }

  #heldBy(holder: string): number {
    return this.#held.get(holder) ?? 0;
  }

  #keep(mark: Mark): void {
    this.#marks.set(mark.key, mark);
    this.#held.set(mark.holder, this.#heldBy(mark.holder) + 1);
    const second = Math.ceil(mark.endsAtMs / 1_000);
    const together = this.#ending.get(second);
    if (together === undefined) this.#ending.set(second, [mark]);
    else together.push(mark);
  }

  #drop(mark: Mark): void {
    if (this.#marks.get(mark.key) !== mark) return;
    this.#marks.delete(mark.key);
    const left = this.#heldBy(mark.holder) - 1;
    if (left === 0) this.#held.delete(mark.holder);
    else this.#held.set(mark.holder, left);
  }

  /** Looks at each second with marks once a second at most. */
  #dropEnded(nowMs: number): void {
    const now = Math.floor(nowMs / 1_000);
    if (now === this.#clearedSecond) return;
    this.#clearedSecond = now;
    for (const [second, marks] of this.#ending) {
      if (second > now) continue;
      this.#ending.delete(second);
      for (const mark of marks) this.#drop(mark);
    }
  }
}

function full(): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_OVERLOADED', 'No more marks find room in this store', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
