import * as option from '../options/options.js';

/** Where time comes from. Everything that waits, expires or measures asks a clock, so that tests own time. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonic(): number;
  /** Calls `task` once after `delayMs`, without keeping the process alive. Returns a function that cancels it. */
  schedule(delayMs: number, task: () => void): () => void;
}

export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs: number, task: () => void) {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
});

/** The check of an option that is a clock. */
export const clockCheck: option.Check<Clock> = option.having('now', 'monotonic', 'schedule');

/** As `clockCheck`, but the default is the clock of the system. */
export const clockOption: option.Check<Clock, Clock | undefined> = option.withDefault(clockCheck, systemClock);
