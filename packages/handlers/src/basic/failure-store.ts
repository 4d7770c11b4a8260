import type { Eventually } from '@sallyport/core/extend';

/** How often something failed, and how long that still counts. */
export interface FailureCount {
  readonly failures: number;
  readonly endsInMs: number;
}

/** Where failed logins are counted: in this process, or in a store that several processes share. Keys are hashes. */
export interface FailureStore {
  /** The count of a window that has not ended. A store that cannot tell throws or rejects. */
  get(key: string): Eventually<FailureCount | undefined>;
  /** Counts one failure. The first one opens a window of `windowSeconds`, which later ones do not prolong. */
  add(key: string, windowSeconds: number): Eventually<FailureCount>;
  /** Forgets a count. */
  reset(key: string): Eventually<unknown>;
}
