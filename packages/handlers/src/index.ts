export * from './api-key/index.js';
export * from './basic/index.js';
export * from './introspection/index.js';
export * from './jwt/index.js';
export * from './mutual-tls/index.js';
export * from './revocation/index.js';
export * from './webhook/index.js';
