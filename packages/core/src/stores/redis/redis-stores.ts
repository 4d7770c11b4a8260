import type { Clock } from '../../clock/clock.js';
import * as option from '../../options/options.js';
import { type RedisClient, redisClient } from './client/redis-client.js';
import { REDIS_CACHE_STORE, RedisCacheStore, type RedisCacheStoreOptions } from './redis-cache-store.js';
import { REDIS_COUNTER_STORE, RedisCounterStore, type RedisCounterStoreOptions } from './redis-counter-store.js';
import { REDIS_ONCE_STORE, RedisOnceStore, type RedisOnceStoreOptions } from './redis-once-store.js';

/** One row of a table of kinds: what makes a store for a configuration. */
export interface RedisStoreKind<Options extends object, Store> {
  readonly options: { readonly owner: string; readonly schema: option.Schema };
  readonly store: (options: Options, services: { readonly clock: Clock }) => Store;
}

/** The kinds of stores in Redis, by the names that configurations use. */
export interface RedisStoreKinds {
  readonly redisCache: RedisStoreKind<RedisCacheStoreOptions, RedisCacheStore>;
  readonly redisCounter: RedisStoreKind<RedisCounterStoreOptions, RedisCounterStore>;
  readonly redisOnce: RedisStoreKind<RedisOnceStoreOptions, RedisOnceStore>;
}

export const REDIS_STORES_COLLABORATORS = option.table('RedisStoresCollaborators', {
  /** A client of node-redis or ioredis, single or Cluster. The stores do not close it. */
  client: redisClient,
});

/**
 * Kinds of stores for configuration files, over a client of the application: `redisCache`, `redisCounter` and `redisOnce`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 * @example
 * const client = createClient();
 * await client.connect();
 * const chain = await chainFrom('security.yaml', { kinds: { ...builtInHandlers, ...redisStores({ client }) } });
 */
export function redisStores(collaborators: { readonly client: RedisClient }): RedisStoreKinds {
  REDIS_STORES_COLLABORATORS(collaborators);
  const { client } = collaborators;
  return Object.freeze({
    redisCache: {
      options: REDIS_CACHE_STORE,
      store: (options: RedisCacheStoreOptions, { clock }: { readonly clock: Clock }) =>
        new RedisCacheStore(options, { client, clock }),
    },
    redisCounter: {
      options: REDIS_COUNTER_STORE,
      store: (options: RedisCounterStoreOptions, { clock }: { readonly clock: Clock }) =>
        new RedisCounterStore(options, { client, clock }),
    },
    redisOnce: {
      options: REDIS_ONCE_STORE,
      store: (options: RedisOnceStoreOptions, { clock }: { readonly clock: Clock }) =>
        new RedisOnceStore(options, { client, clock }),
    },
  });
}
