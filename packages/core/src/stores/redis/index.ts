export {
  RedisCacheStore,
  type RedisCacheStoreCollaborators,
  type RedisCacheStoreOptions,
} from './redis-cache-store.js';
export type { RedisClient, RedisStreamClient, RedisSubscriber } from './redis-client.js';
export {
  RedisRevocationBus,
  type RedisRevocationBusCollaborators,
  type RedisRevocationBusOptions,
} from './redis-revocation-bus.js';
