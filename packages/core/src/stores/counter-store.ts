import type { Eventually } from '../clock/eventually.js';
import * as option from '../options/options.js';

/** A count within its window, and the milliseconds until the window ends. */
export interface Count {
  readonly value: number;
  readonly endsInMs: number;
}

/**
 * Counts events for a time, such as failed logins or requests: in this process, or in a store that several processes share.
 * Keys are hashes.
 */
export interface CounterStore {
  /**
   * The count of a window that has not ended; undefined when there is none. A store that cannot answer throws or
   * rejects.
   */
  get(key: string): Eventually<Count | undefined>;
  /**
   * Adds `amount`, a whole number of at least 1 (default 1), and returns the count. The first addition opens a window of
   * `windowSeconds`; later ones do not prolong it. If the count would be above `most` (default: no limit), nothing is
   * added: the returned count, which includes the amount, is then above `most`.
   */
  add(key: string, windowSeconds: number, amount?: number, most?: number): Eventually<Count>;
  /** Deletes a count. */
  reset(key: string): Eventually<unknown>;
}

/** The check of an option that is a counter store. */
export const counterStoreCheck: option.Check<CounterStore> = option.having('get', 'add', 'reset');
