import { clockOption } from '../../clock/clock.js';
import * as option from '../../options/options.js';
import type { CacheStore } from '../cache-store.js';
import { CommandBudget } from './client/command-budget.js';
import { redisClient } from './client/redis-client.js';
import type { RedisCommands } from './client/redis-commands.js';

export const REDIS_CACHE_STORE = option.table('RedisCacheStoreOptions', {
  /** The beginning of every key. */
  prefix: option.withDefault(option.text, 'sallyport:'),
  /** The longest time of a read, in milliseconds; a slower one is a miss. */
  readTimeoutMs: option.withDefault(option.between(1, 1_000), 50),
  /** The most commands that may wait for a reply at once. Further reads are misses, further writes are dropped. */
  maxPending: option.withDefault(option.between(1, 100_000), 1_000),
  /** The longest value in bytes. Longer ones are neither written nor read. */
  maxValueBytes: option.withDefault(option.between(1_024, 2 ** 24), 65_536),
});

export interface RedisCacheStoreOptions extends option.Given<typeof REDIS_CACHE_STORE> {}

export const REDIS_CACHE_STORE_COLLABORATORS = option.table('RedisCacheStoreCollaborators', {
  /** A client of node-redis or ioredis, single or Cluster. The store does not close it. */
  client: redisClient,
  clock: clockOption,
});

/** Services of the store. */
export interface RedisCacheStoreCollaborators extends option.Given<typeof REDIS_CACHE_STORE_COLLABORATORS> {}

/**
 * A cache store in Redis 7. It only saves time: every slow, malformed or failed reply is a miss. Reads have their own
 * time limit; writes are sent and not awaited.
 * @example
 * const client = createClient();
 * await client.connect();
 * const store = new RedisCacheStore({}, { client });
 * const tokens = new IntrospectionHandler({ realm: 'orders', endpoint, clientAuthentication }, { store });
 */
export class RedisCacheStore implements CacheStore {
  readonly #prefix: string;
  readonly #maxValueBytes: number;
  readonly #client: RedisCommands;
  readonly #budget: CommandBudget;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RedisCacheStoreOptions, collaborators: RedisCacheStoreCollaborators) {
    const checked = REDIS_CACHE_STORE(options);
    const services = REDIS_CACHE_STORE_COLLABORATORS(collaborators);
    this.#prefix = checked.prefix;
    this.#maxValueBytes = Math.floor(checked.maxValueBytes);
    this.#client = services.client;
    this.#budget = new CommandBudget({ timeoutMs: checked.readTimeoutMs, maxPending: checked.maxPending }, services);
  }

  /** Reads only one byte more than a value may have, so that a huge value in Redis cannot fill this process. */
  async get(key: string): Promise<string | undefined> {
    const value = await this.#run(key, 'GETRANGE', '0', String(this.#maxValueBytes));
    return typeof value === 'string' && value !== '' && this.#fits(value) ? value : undefined;
  }

  set(key: string, value: string, ttlMs: number): void {
    if (this.#fits(value)) this.#run(key, 'SET', value, 'PX', String(ttlMs));
  }

  async delete(key: string): Promise<void> {
    await this.#run(key, 'DEL');
  }

  #run(key: string, command: string, ...given: readonly string[]): Promise<unknown> | undefined {
    const name = this.#prefix + key;
    return this.#budget.run(() => this.#client.send(name, [command, name, ...given]));
  }

  #fits(value: string): boolean {
    return Buffer.byteLength(value) <= this.#maxValueBytes;
  }
}
