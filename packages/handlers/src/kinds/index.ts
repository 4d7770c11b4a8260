export { builtInHandlers } from './built-in-handlers.js';
