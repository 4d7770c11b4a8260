import type { Clock } from '../../clock/clock.js';

/** The pause after a question without an answer: meanwhile nobody waits for the store. */
const REST_MS = 1_000;

/** Who hears that a store is away, and that it is back. */
export interface StoreWatchers {
  readonly away: (reason: string) => void;
  readonly back: () => void;
}

/** Whether a store is asked: while it gives no answers, only one question now and then. */
export class StoreWatch {
  readonly #clock: Clock;
  readonly #watchers: StoreWatchers;
  #isAway = false;
  #asksAgainAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, watchers: StoreWatchers) {
    this.#clock = clock;
    this.#watchers = watchers;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** True at most once in a while as long as the store is away. */
  mayAsk(): boolean {
    if (!this.#isAway) return true;
    const nowMs = this.#clock.monotonic();
    if (nowMs < this.#asksAgainAtMs) return false;
    this.#asksAgainAtMs = nowMs + REST_MS;
    return true;
  }

  answered(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#watchers.back();
  }

  failed(reason: string): void {
    this.#asksAgainAtMs = this.#clock.monotonic() + REST_MS;
    if (this.#isAway) return;
    this.#isAway = true;
    this.#watchers.away(reason);
  }
}
