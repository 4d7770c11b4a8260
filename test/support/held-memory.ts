import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const MAX_LOOKS = 20;
const TURNS_BETWEEN_LOOKS = 20;

/** The bytes that are in use after one collection: the heap and the buffers beside it. */
export function usedBytes(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * The bytes that something still holds. The engine frees buffers in a thread of its own,
 * and a connection lets go of its buffers some turns after its end, so one look may count what is on its way out. This
 * looks again and gives back the least; it ends early once that is `enough`.
 */
export async function heldBytes(enough = 0): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let looks = 0; looks < MAX_LOOKS && least > enough; looks += 1) {
    await settled();
    least = Math.min(least, usedBytes());
  }
  return least;
}

/** Those of these objects that something still holds. */
export async function heldOf(references: readonly WeakRef<object>[]): Promise<readonly WeakRef<object>[]> {
  let held = references;
  for (let looks = 0; looks < MAX_LOOKS && held.length > 0; looks += 1) {
    await settled();
    collect();
    held = held.filter((each) => each.deref() !== undefined);
  }
  return held;
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < TURNS_BETWEEN_LOOKS; turns += 1) await new Promise(setImmediate);
}
