import type { Clock } from './clock.js';

/** How long somebody waits, and by which clock. */
export interface Patience {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * Waits for a promise, but no longer than `timeoutMs`: then it comes to what `tooLate` returns or throws. What the promise
 * comes to after that is ignored.
 */
export function within<Value, Otherwise = never>(
  { clock, timeoutMs }: Patience,
  pending: PromiseLike<Value>,
  tooLate: () => Otherwise,
): Promise<Value | Otherwise> {
  return unlessEnded<Value | Otherwise>(pending, (end) => clock.schedule(timeoutMs, () => end(tooLate)));
}

/**
 * Waits for a promise, unless something ends the wait: then it comes to what the answer given to `end` returns or throws.
 * `watch` begins to look out for that and returns what stops it. It is stopped once the wait is over.
 */
export function unlessEnded<Value>(
  pending: PromiseLike<Value>,
  watch: (end: (answer: () => Value) => void) => () => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    let stop: (() => void) | undefined;
    let hasEnded = false;
    stop = watch((answer) => {
      hasEnded = true;
      stop?.();
      try {
        resolve(answer());
      } catch (error) {
        reject(error);
      }
    });
    if (hasEnded) stop();
    Promise.resolve(pending).finally(stop).then(resolve, reject);
  });
}
