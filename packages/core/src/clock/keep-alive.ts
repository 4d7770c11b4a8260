/**
 * Keeps the process alive until a promise is settled, but no longer than `mostMs`. The timers of a clock do not: a program
 * that waits only for them, such as a server that does not listen yet, would end silently.
 */
export function keepAlive<Value>(pending: Promise<Value>, mostMs: number): Promise<Value> {
  const hold = setTimeout(() => {}, mostMs);
  return pending.finally(() => clearTimeout(hold));
}
