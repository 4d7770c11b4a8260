/** The stores of all open chains. Two chains must not share one: the first to close would close it for both. */
const owned = new WeakSet<object>();

/** Takes a store for a chain. False if it belongs to another open chain. */
export function claim(store: object): boolean {
  if (owned.has(store)) return false;
  owned.add(store);
  return true;
}

/** Lets other chains have these stores. */
export function release(stores: Iterable<object>): void {
  for (const store of stores) owned.delete(store);
}
