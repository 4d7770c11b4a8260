export type { IoredisClient } from './client/ioredis.js';
export type { NodeRedisClient } from './client/node-redis.js';
export type { RedisClient, RedisSubscriber } from './client/redis-client.js';
export {
  RedisCacheStore,
  type RedisCacheStoreCollaborators,
  type RedisCacheStoreOptions,
} from './redis-cache-store.js';
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
  type FoundRecord,
  type KeptRecord,
  RedisRecordStore,
  type RedisRecordStoreCollaborators,
  type RedisRecordStoreOptions,
} from './redis-record-store.js';
export {
  RedisRevocationBus,
  type RedisRevocationBusCollaborators,
  type RedisRevocationBusOptions,
} from './redis-revocation-bus.js';
export { type RedisStoreKind, type RedisStoreKinds, redisStores } from './redis-stores.js';
