import * as option from '../options/options.js';
import { outlivingTimer, runtime } from './runtime.js';

/** Where time comes from. Everything that waits, expires or measures asks a clock, so that tests own time. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonic(): number;
  /**
   * Calls `task` once after `delayMs` milliseconds. Returns a function that cancels it. With `isAwaited` somebody waits
   * for the task, so the process stays alive until then; otherwise the task does not keep it alive.
   */
  schedule(delayMs: number, task: () => void, isAwaited?: boolean): () => void;
}

export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs: number, task: () => void, isAwaited = false) {
    if (runtime === 'workers') return outlivingTimer(delayMs, task);
    const timer = setTimeout(task, delayMs);
    // Node ends with status 13 when a program awaits what no open resource can settle any more.
    if (!isAwaited) timer.unref();
    return () => clearTimeout(timer);
  },
});

/** The check of an option that is a clock. */
export const clockCheck: option.Check<Clock> = option.having('now', 'monotonic', 'schedule');

/** As `clockCheck`, but the default is the clock of the system. */
export const clockOption: option.Check<Clock, Clock | undefined> = option.withDefault(clockCheck, systemClock);
