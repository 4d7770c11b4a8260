export { type ApiKeyEvent, onApiKeyEvent } from './api-key-events.js';
export { ApiKeyHandler } from './api-key-handler.js';
export type { ApiKeyHandlerCollaborators, ApiKeyHandlerOptions, RememberedKeyOptions } from './api-key-options.js';
export {
  type ApiKeyRotation,
  ApiKeys,
  type ApiKeysCollaborators,
  type ApiKeysOptions,
  type NewApiKey,
  type ShownApiKey,
} from './api-keys.js';
export type { ConfiguredKeyFile } from './configured-store.js';
export type { ApiKeyRecord, ApiKeySecret } from './stores/api-key-record.js';
export type { ApiKeyStore } from './stores/api-key-store.js';
export {
  FileApiKeyStore,
  type FileApiKeyStoreCollaborators,
  type FileApiKeyStoreOptions,
} from './stores/file-api-key-store.js';
export { API_KEY_CHANNEL } from './stores/key-file-events.js';
export { MemoryApiKeyStore } from './stores/memory-api-key-store.js';
