export type { IoredisClient } from './ioredis.js';
export type { NodeRedisClient } from './node-redis.js';
export {
  RedisCacheStore,
  type RedisCacheStoreCollaborators,
  type RedisCacheStoreOptions,
} from './redis-cache-store.js';
export type { RedisClient, RedisSubscriber } from './redis-client.js';
export {
  RedisCounterStore,
  type RedisCounterStoreCollaborators,
  type RedisCounterStoreOptions,
} from './redis-counter-store.js';
export {
  RedisOnceStore,
  type RedisOnceStoreCollaborators,
  type RedisOnceStoreOptions,
} from './redis-once-store.js';
export {
  RedisRevocationBus,
  type RedisRevocationBusCollaborators,
  type RedisRevocationBusOptions,
} from './redis-revocation-bus.js';
