/**
 * The handlers and stores of all open chains. Two chains must not share one: the first to close would close it for both.
 */
const owned = new WeakSet<object>();

/** Takes a handler or store for a chain. False if it belongs to another open chain. */
export function claim(part: object): boolean {
  if (owned.has(part)) return false;
  owned.add(part);
  return true;
}

/** Lets other chains have these handlers and stores. */
export function release(parts: Iterable<object>): void {
  for (const part of parts) owned.delete(part);
}
