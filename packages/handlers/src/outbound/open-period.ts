import { type Clock, UpstreamError } from '@sallyport/core';
import type { IBackoff, IBackoffFactory, IHalfOpenAfterBackoffContext } from 'cockatiel';

type Context = IHalfOpenAfterBackoffContext;

const FIRST_MS = 1_000;
const LAST_MS = 30_000;

/** How long a circuit stays open: 1 s first, twice as long after each failed probe, 30 s at most; longer where asked to. */
export class OpenPeriods implements IBackoffFactory<Context> {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(context: Context): IBackoff<Context> {
    return new OpenPeriod(FIRST_MS, context, this.#clock);
  }
}

/** One such period. It begins when it is made, which is when the circuit opens. */
class OpenPeriod implements IBackoff<Context> {
  readonly #lengthMs: number;
  readonly #untilMs: number;
  readonly #clock: Clock;

  constructor(lengthMs: number, { result }: Context, clock: Clock) {
    this.#lengthMs = lengthMs;
    this.#untilMs = clock.monotonic() + Math.max(lengthMs, askedMs('error' in result ? result.error : undefined));
    this.#clock = clock;
  }

  /**
   * The breaker compares it with the wall clock, which may be set back and keep a circuit open for an hour. So it is
   * everything while the period lasts by the monotonic clock, and nothing afterwards.
   */
  get duration(): number {
    return this.#clock.monotonic() < this.#untilMs ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  next(context: Context): IBackoff<Context> {
    return new OpenPeriod(Math.min(2 * this.#lengthMs, LAST_MS), context, this.#clock);
  }
}

function askedMs(error: unknown): number {
  return error instanceof UpstreamError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
}
