import { type Clock, clockOption } from '../clock/clock.js';
import { Expiring } from '../clock/expiring.js';
import * as option from '../options/options.js';
import type { CacheStore } from './cache-store.js';

export const MEMORY_CACHE_STORE = option.table('MemoryCacheStoreOptions', {
  /** The most values kept at once; the least recently used one is dropped first. */
  maxEntries: option.withDefault(option.between(1, 10_000_000), 10_000),
  /** The most bytes of keys and values kept at once. */
  maxBytes: option.withDefault(option.between(1, 2 ** 40), 2 ** 25),
});

export interface MemoryCacheStoreOptions extends option.Given<typeof MEMORY_CACHE_STORE> {}

export const MEMORY_CACHE_STORE_COLLABORATORS = option.table('MemoryCacheStoreCollaborators', { clock: clockOption });

/**
 * A cache store in this process; several caches may share it. It has no timer: lifetimes are checked when a value is
 * read.
 * @example
 * const store = new MemoryCacheStore({ maxEntries: 50_000 });
 * const tokens = new IntrospectionHandler({ realm: 'orders', endpoint, clientAuthentication }, { store });
 */
export class MemoryCacheStore implements CacheStore {
  readonly #values: Expiring<string>;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: MemoryCacheStoreOptions = {}, collaborators: { clock?: Clock | undefined } = {}) {
    const { maxEntries, maxBytes } = MEMORY_CACHE_STORE(options);
    const { clock } = MEMORY_CACHE_STORE_COLLABORATORS(collaborators);
    const bytesOf = (value: string, key: string) => Buffer.byteLength(key) + Buffer.byteLength(value) + 1;
    this.#values = new Expiring({ maxEntries, bytes: { most: maxBytes, of: bytesOf } }, clock);
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: string, ttlMs: number): void {
    this.#values.set(key, value, ttlMs);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
