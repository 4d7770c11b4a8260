export { builtInHandlers } from './built-in-handlers.js';
export type { ConfiguredUsers } from './configured-users.js';
