export type { ConfiguredBasicOptions, ConfiguredUsers } from '../basic/configured-users.js';
export { builtInHandlers } from './built-in-handlers.js';
