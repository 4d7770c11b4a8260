/**
 * Keeps the process alive until a promise is settled, but no longer than `mostMs`. No clock does: where nothing else is
 * open, such as a server before it listens, a program that waits for a clock would end without a word.
 */
export function keepAlive<Value>(pending: Promise<Value>, mostMs: number): Promise<Value> {
  const hold = setTimeout(() => {}, mostMs);
  return pending.finally(() => clearTimeout(hold));
}
