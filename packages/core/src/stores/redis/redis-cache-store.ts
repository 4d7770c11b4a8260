import { type Clock, clockOption } from '../../clock/clock.js';
import * as option from '../../options/options.js';
import type { CacheStore } from '../cache-store.js';
import { CommandBudget } from './command-budget.js';
import type { RedisClient } from './redis-client.js';

export interface RedisCacheStoreOptions {
  /** The beginning of every key. Default `sallyport:`. */
  readonly prefix?: string | undefined;
  /** The longest time of a read, in milliseconds; a slower one is a miss. 1 to 1 000, default 50. */
  readonly readTimeoutMs?: number | undefined;
  /**
   * The most commands that may wait for a reply at once. Further reads are misses, further writes are dropped. 1 to
   * 100 000, default 1 000.
   */
  readonly maxPending?: number | undefined;
  /** The longest value in bytes. Longer ones are neither written nor read. 1 024 to 16 777 216, default 65 536. */
  readonly maxValueBytes?: number | undefined;
}

/** Services of the store. */
export interface RedisCacheStoreCollaborators {
  /** A node-redis client. The store does not close it. */
  readonly client: RedisClient;
  readonly clock?: Clock | undefined;
}

/**
 * A cache store in Redis 7. It only saves time: every slow, malformed or failed reply is a miss. Reads have their own
 * time limit; writes are sent and not awaited.
 */
export class RedisCacheStore implements CacheStore {
  readonly #prefix: string;
  readonly #maxValueBytes: number;
  readonly #client: RedisClient;
  readonly #budget: CommandBudget;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RedisCacheStoreOptions, collaborators: RedisCacheStoreCollaborators) {
    const checked = option.check('RedisCacheStoreOptions', options, {
      prefix: option.withDefault(option.text, 'sallyport:'),
      readTimeoutMs: option.withDefault(option.between(1, 1_000), 50),
      maxPending: option.withDefault(option.between(1, 100_000), 1_000),
      maxValueBytes: option.withDefault(option.between(1_024, 2 ** 24), 65_536),
    });
    const services = option.check('RedisCacheStoreCollaborators', collaborators, {
      client: option.having<RedisClient>('getRange', 'set', 'del'),
      clock: clockOption,
    });
    this.#prefix = checked.prefix;
    this.#maxValueBytes = Math.floor(checked.maxValueBytes);
    this.#client = services.client;
    this.#budget = new CommandBudget({ timeoutMs: checked.readTimeoutMs, maxPending: checked.maxPending }, services);
  }

  /** Reads only one byte more than a value may have, so that a huge value in Redis cannot fill this process. */
  async get(key: string): Promise<string | undefined> {
    const value = await this.#budget.run(() => this.#client.getRange(this.#prefix + key, 0, this.#maxValueBytes));
    return typeof value === 'string' && value !== '' && this.#fits(value) ? value : undefined;
  }

  set(key: string, value: string, ttlMs: number): void {
    const expiration = { type: 'PX', value: ttlMs } as const;
    if (this.#fits(value)) this.#budget.run(() => this.#client.set(this.#prefix + key, value, { expiration }));
  }

  delete(key: string): void {
    this.#budget.run(() => this.#client.del(this.#prefix + key));
  }

  #fits(value: string): boolean {
    return Buffer.byteLength(value) <= this.#maxValueBytes;
  }
}
