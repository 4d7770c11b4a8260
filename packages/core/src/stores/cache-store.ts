import type { Eventually } from '../clock/eventually.js';
import * as option from '../options/options.js';

/**
 * Keeps verdicts outside of a process: texts under keys, for a time. The extension point for databases.
 *
 * A store only saves time. It may lose or garble values, because values are authenticated and checked when they are
 * read. It must be quick: `get` has to settle within tens of milliseconds, with `undefined` when it has no answer by
 * then. It must not return a value after its lifetime. Keys and values hold no credential.
 */
export interface CacheStore {
  /** The value; `undefined` when there is none, its lifetime is over or the store cannot answer in time. */
  get(key: string): Eventually<string | undefined>;
  /** Stores a non-empty text for `ttlMs` milliseconds, a whole number of at least 1. May return before it is stored. */
  set(key: string, value: string, ttlMs: number): Eventually<void>;
  /** Deletes a value. May return before it is deleted. */
  delete(key: string): Eventually<void>;
}

/** The check of an option that is a cache store. */
export const cacheStoreCheck: option.Check<CacheStore> = option.having('get', 'set', 'delete');
