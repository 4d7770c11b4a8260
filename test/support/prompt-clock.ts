import { systemClock } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';

/** A clock that stands still, except for pauses of some milliseconds, such as that before a second attempt. */
export class PromptClock extends ManualClock {
  #busyMs = 0;

  override monotonic(): number {
    return super.monotonic() + this.#busyMs;
  }

  override schedule(delayMs: number, run: () => void): () => void {
    return delayMs < 100 ? systemClock.schedule(0, run) : super.schedule(delayMs, run);
  }

  /** The process is busy for so long: time passes, and whatever falls due runs so much later. */
  stall(seconds: number): void {
    this.#busyMs += seconds * 1_000;
  }
}
