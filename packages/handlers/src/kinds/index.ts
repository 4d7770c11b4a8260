export { builtInHandlers, type IntrospectionKindOptions, type JwtKindOptions } from './built-in-handlers.js';
