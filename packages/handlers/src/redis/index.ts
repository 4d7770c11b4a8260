export {
  RedisApiKeyStore,
  type RedisApiKeyStoreCollaborators,
  type RedisApiKeyStoreOptions,
} from './redis-api-key-store.js';
export { type RedisApiKeyKindOptions, redisApiKeys } from './redis-api-keys.js';
