import { type Clock, type Unavailable, unavailable } from '@sallyport/core';

/** A time in which nobody is called, because the other side asked for it or would only refuse again. */
export class CallPause {
  readonly #clock: Clock;
  #cause: unknown;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(cause: unknown, seconds: number): void {
    this.#cause = cause;
    this.#untilMs = this.#clock.monotonic() + seconds * 1_000;
  }

  /** What callers are told while the pause lasts. */
  get verdict(): Unavailable | undefined {
    const leftMs = this.#untilMs - this.#clock.monotonic();
    return leftMs > 0 ? unavailable(this.#cause, { retryAfterSeconds: leftMs / 1_000 }) : undefined;
  }
}
