import type { Clock } from './clock.js';

/** A time limit, and the clock that measures it. */
export interface Patience {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * Waits for a promise, but no longer than `timeoutMs`, and keeps the process alive meanwhile. After that, the result is
 * what `tooLate` returns or throws, and the promise is ignored.
 */
export function within<Value, Otherwise = never>(
  { clock, timeoutMs }: Patience,
  pending: PromiseLike<Value>,
  tooLate: () => Otherwise,
): Promise<Value | Otherwise> {
  return unlessEnded<Value | Otherwise>(pending, (end) => clock.schedule(timeoutMs, () => end(tooLate), true));
}

/**
 * Waits for a promise until somebody calls `end`. The result is then what the function given to `end` returns or throws.
 * `watch` subscribes to whatever ends the wait, and returns a function that unsubscribes. That is called in any case.
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
    Promise.resolve(pending).then(
      (value) => {
        stop?.();
        resolve(value);
      },
      (error) => {
        stop?.();
        reject(error);
      },
    );
  });
}
