/** A value that is there already, or will be. */
export type Eventually<Value> = Value | Promise<Value>;

/** Goes on at once with a value, later with a promise: cached decisions never leave the current tick. */
export function andThen<Value, Next>(
  value: Eventually<Value>,
  next: (value: Value) => Eventually<Next>,
): Eventually<Next> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/**
 * Runs foreign code that returns a value, a promise or any other thenable, and turns whatever it throws or rejects
 * with into a value.
 */
export function attemptTo<Value>(task: () => unknown, recover: (error: unknown) => Value): Eventually<unknown | Value> {
  try {
    const returned = task();
    const isThenable = typeof (returned as { then?: unknown } | null | undefined)?.then === 'function';
    return isThenable ? Promise.resolve(returned).catch(recover) : returned;
  } catch (error) {
    return recover(error);
  }
}
