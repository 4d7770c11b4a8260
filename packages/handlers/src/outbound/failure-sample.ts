import type { Clock } from '@sallyport/core';
import type { CircuitState, IBreaker } from 'cockatiel';

const SLOT_MS = 1_000;
const SLOTS = 10;
const MINIMUM_CALLS = 20;
const FAILURE_SHARE = 0.5;

interface Slot {
  number: number;
  calls: number;
  failures: number;
}

/**
 * Opens a circuit when at least half of at least 20 calls within 10 seconds failed: a single failure never does. Counts
 * on the monotonic clock, so that neither old failures nor a clock that is set count.
 */
export class FailureSample implements IBreaker {
  /** Asked for by the interface, for circuits that outlive their process; this one does not. */
  state: unknown;
  readonly #clock: Clock;
  readonly #slots: readonly Slot[] = Array.from({ length: SLOTS }, () => ({ number: -1, calls: 0, failures: 0 }));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  success(state: CircuitState): void {
    if (state === (2 satisfies CircuitState.HalfOpen)) this.#clear();
    this.#slot().calls += 1;
  }

  failure(): boolean {
    const current = this.#slot();
    current.calls += 1;
    current.failures += 1;
    const recent = this.#slots.filter(({ number }) => number > current.number - SLOTS);
    const calls = recent.reduce((sum, slot) => sum + slot.calls, 0);
    const failures = recent.reduce((sum, slot) => sum + slot.failures, 0);
    return calls >= MINIMUM_CALLS && failures >= FAILURE_SHARE * calls;
  }

  #slot(): Slot {
    const number = Math.floor(this.#clock.monotonic() / SLOT_MS);
    const slot = this.#slots[number % SLOTS] as Slot;
    if (slot.number !== number) Object.assign(slot, { number, calls: 0, failures: 0 });
    return slot;
  }

  #clear(): void {
    for (const slot of this.#slots) Object.assign(slot, { number: -1, calls: 0, failures: 0 });
  }
}
