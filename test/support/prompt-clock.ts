import { systemClock } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';

/** A clock that stands still, except for pauses of some milliseconds, such as that before a second attempt. */
export class PromptClock extends ManualClock {
  override schedule(delayMs: number, run: () => void): () => void {
    return delayMs < 100 ? systemClock.schedule(0, run) : super.schedule(delayMs, run);
  }
}
