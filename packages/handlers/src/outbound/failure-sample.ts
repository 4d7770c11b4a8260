import type { Clock } from '@sallyport/core/extend';

const SLOT_MS = 1_000;
const SLOTS = 10;
const MINIMUM_CALLS = 20;

interface Slot {
  number: number;
  calls: number;
  failures: number;
}

/**
 * Tells whether too many calls failed, out of at least 20 within 10 seconds. A single failure never suffices. It counts
 * on the monotonic clock, so that setting the clock has no effect.
 */
export class FailureSample {
  readonly #tooMany: number;
  readonly #clock: Clock;
  readonly #slots: readonly Slot[] = Array.from({ length: SLOTS }, () => ({ number: -1, calls: 0, failures: 0 }));

  /** @param tooMany the share of failed calls that is too much, above 0 and up to 1 */
  constructor(tooMany: number, clock: Clock) {
    this.#tooMany = tooMany;
    this.#clock = clock;
  }

  noteSuccess(): void {
    this.#slot().calls += 1;
  }

  /** True when too many calls failed, this one included. */
  noteFailure(): boolean {
    const current = this.#slot();
    current.calls += 1;
    current.failures += 1;
    let calls = 0;
    let failures = 0;
    for (const slot of this.#slots) {
      if (slot.number <= current.number - SLOTS) continue;
      calls += slot.calls;
      failures += slot.failures;
    }
    return calls >= MINIMUM_CALLS && failures >= this.#tooMany * calls;
  }

  clear(): void {
    for (const slot of this.#slots) Object.assign(slot, { number: -1, calls: 0, failures: 0 });
  }

  #slot(): Slot {
    const number = Math.floor(this.#clock.monotonic() / SLOT_MS);
    const slot = this.#slots[number % SLOTS] as Slot;
    if (slot.number !== number) Object.assign(slot, { number, calls: 0, failures: 0 });
    return slot;
  }
}
