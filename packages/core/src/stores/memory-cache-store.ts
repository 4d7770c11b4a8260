import { type Clock, clockOption } from '../clock/clock.js';
import { Expiring } from '../clock/expiring.js';
import * as option from '../options/options.js';
import type { CacheStore } from './cache-store.js';

export interface MemoryCacheStoreOptions {
  /** The most values kept at once; the least recently used one is dropped first. 1 to 10 000 000, default 10 000. */
  readonly maxEntries?: number | undefined;
  /** The most bytes of keys and values kept at once. 1 to 1 099 511 627 776, default 33 554 432. */
  readonly maxBytes?: number | undefined;
}

/**
 * A cache store in this process; several caches may share it. It has no timer: lifetimes are checked when a value is
 * read.
 */
export class MemoryCacheStore implements CacheStore {
  readonly #values: Expiring<string>;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: MemoryCacheStoreOptions = {}, collaborators: { clock?: Clock | undefined } = {}) {
    const checked = option.check('MemoryCacheStoreOptions', options, {
      maxEntries: option.withDefault(option.between(1, 10_000_000), 10_000),
      maxBytes: option.withDefault(option.between(1, 2 ** 40), 2 ** 25),
    });
    const services = option.check('MemoryCacheStoreCollaborators', collaborators, {
      clock: clockOption,
    });
    const bytesOf = (value: string, key: string) => Buffer.byteLength(key) + Buffer.byteLength(value) + 1;
    this.#values = new Expiring(
      { maxEntries: checked.maxEntries, bytes: { most: checked.maxBytes, of: bytesOf } },
      services.clock,
    );
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
