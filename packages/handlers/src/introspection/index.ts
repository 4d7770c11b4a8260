export { IntrospectionHandler } from './introspection-handler.js';
export type { ClientAuthentication, IntrospectionHandlerOptions } from './introspection-options.js';
