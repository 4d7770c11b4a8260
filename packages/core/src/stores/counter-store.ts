import type { Eventually } from '../clock/eventually.js';

/** How often something was counted within its window, and how long that still holds. */
export interface Count {
  readonly value: number;
  readonly endsInMs: number;
}

/**
 * Where things are counted for a time, such as failed logins: in this process, or in a store that several processes
 * share. Keys are hashes.
 */
export interface CounterStore {
  /** The count of a window that has not ended. A store that cannot tell throws or rejects. */
  get(key: string): Eventually<Count | undefined>;
  /** Counts one more. The first one opens a window of `windowSeconds`, which later ones do not prolong. */
  add(key: string, windowSeconds: number): Eventually<Count>;
  /** Forgets a count. */
  reset(key: string): Eventually<unknown>;
}
