/** A value, or a promise of it. */
export type Eventually<Value> = Value | Promise<Value>;

/** Calls `next` at once with a value, later with a promise. So a cached decision never leaves the current tick. */
export function andThen<Value, Next>(
  value: Eventually<Value>,
  next: (value: Value) => Eventually<Next>,
): Eventually<Next> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** True for everything that `await` waits for: promises of any realm, and other objects with a `then` method. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Handles the rejection of a promise that foreign code returned against the rules. Unhandled, it would end the process. */
export function disregard(answer: unknown): void {
  if (isThenable(answer)) Promise.resolve(answer).catch(() => {});
}

/** Turns any thenable into a promise, so that `andThen` waits for it. */
export function adopt<Value>(value: Value | PromiseLike<Value>): Eventually<Value> {
  return isThenable(value) ? Promise.resolve(value) : value;
}

/**
 * Runs foreign code that returns a value, a promise or any other thenable, and turns whatever it throws or rejects
 * with into a value.
 */
export function attemptTo<Value>(task: () => unknown, recover: (error: unknown) => Value): Eventually<unknown | Value> {
  try {
    const returned = task();
    return isThenable(returned) ? Promise.resolve(returned).catch(recover) : returned;
  } catch (error) {
    return recover(error);
  }
}
