export { apiKeyStoreRules } from './api-key-store-rules.js';
