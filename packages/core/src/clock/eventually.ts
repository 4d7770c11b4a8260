/** A value that is there already, or will be. */
export type Eventually<Value> = Value | Promise<Value>;

/** Goes on at once with a value, later with a promise: cached decisions never leave the current tick. */
export function andThen<Value, Next>(
  value: Eventually<Value>,
  next: (value: Value) => Eventually<Next>,
): Eventually<Next> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** True for promises of any kind and realm, and for whatever else is awaited like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Foreign code answered later where it had to answer at once: its rejection must not end the process. */
export function disregard(answer: unknown): void {
  if (isThenable(answer)) Promise.resolve(answer).catch(() => {});
}

/** Makes a promise of whatever foreign code calls one, so that `andThen` waits for it. */
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
