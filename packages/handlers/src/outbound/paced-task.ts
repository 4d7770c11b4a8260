import { UpstreamError } from '@sallyport/core';
import { type CircuitState, type Clock, outlive } from '@sallyport/core/extend';

const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 30_000;

/** The last failure, and the end of the pause after it (monotonic clock). */
export interface Setback {
  readonly error: unknown;
  readonly untilMs: number;
}

/**
 * A task that runs once at a time, however many callers ask for it. After a failure it pauses: 1 s, then twice as long
 * after each further failure, 30 s at most; longer if the other side asked for it. Unlike a task of `JoinedTasks` it
 * belongs to no caller: it goes on when all have gone, and it remembers how it ended.
 * @example
 * const refresh = new PacedTask(async () => void (await client.send(call)), clock);
 * await refresh.run();
 * if (refresh.setback !== undefined) log.warn('the list is old');
 */
export class PacedTask {
  readonly #task: () => Promise<void>;
  readonly #clock: Clock;
  #underWay: Promise<void> | undefined;
  #setback: Setback | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(task: () => Promise<void>, clock: Clock) {
    this.#task = task;
    this.#clock = clock;
  }

  /** The last failure, until a success. */
  get setback(): Setback | undefined {
    return this.#setback;
  }

  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  get isPaused(): boolean {
    return this.#setback !== undefined && this.#clock.monotonic() < this.#setback.untilMs;
  }

  /** As of a circuit breaker: the pauses are one, for calls of the handler itself. */
  get state(): CircuitState {
    if (this.#setback === undefined) return 'closed';
    return this.isPaused ? 'open' : 'half_open';
  }

  /** The last failure as an error for callers, with a Retry-After that covers the pause. */
  outage(): unknown {
    const { error, untilMs } = this.#setback ?? { error: undefined, untilMs: 0 };
    if (!(error instanceof UpstreamError)) return error;
    const pauseSeconds = Math.ceil((untilMs - this.#clock.monotonic()) / 1_000);
    return new UpstreamError(error.code, error.message, {
      retryAfterSeconds: Math.max(1, pauseSeconds, error.retryAfterSeconds ?? 0),
    });
  }

  /** Joins the run under way or begins one; does nothing during a pause. Never rejects: see `setback`. */
  run(): Promise<void> {
    if (this.#underWay === undefined && this.isPaused) return Promise.resolve();
    this.#underWay ??= this.#begin();
    return this.#underWay;
  }

  #begin(): Promise<void> {
    const attempt = this.#attempt().finally(() => {
      this.#underWay = undefined;
    });
    outlive(attempt);
    return attempt;
  }

  async #attempt(): Promise<void> {
    try {
      await this.#task();
      this.#setback = undefined;
      this.#pauseMs = FIRST_PAUSE_MS;
    } catch (error) {
      const askedMs = error instanceof UpstreamError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
      this.#setback = { error, untilMs: this.#clock.monotonic() + Math.max(this.#pauseMs, askedMs) };
      this.#pauseMs = Math.min(2 * this.#pauseMs, LAST_PAUSE_MS);
    }
  }
}
