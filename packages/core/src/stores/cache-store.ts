import type { Eventually } from '../clock/eventually.js';

/**
 * Where verdicts can be kept outside of a process: texts under keys, for a time. The extension point for databases.
 *
 * A store only speeds up: losing, forgetting or garbling a value is harmless, because values are authenticated and
 * checked when they are read. What matters is time: `get` has to settle within tens of milliseconds, with `undefined`
 * when it cannot say, and nothing may be served after its lifetime. Keys and values hold no credential.
 */
export interface CacheStore {
  /** The value, or `undefined` when there is none, its lifetime is over or the store cannot tell in time. */
  get(key: string): Eventually<string | undefined>;
  /** Keeps a text that is not empty for `ttlMs` milliseconds, a whole number of at least 1. May return before it is stored. */
  set(key: string, value: string, ttlMs: number): Eventually<void>;
  /** Forgets a value. May return before it is gone. */
  delete(key: string): Eventually<void>;
}
