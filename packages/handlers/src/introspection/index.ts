export { IntrospectionHandler } from './introspection-handler.js';
export type {
  ClientAuthentication,
  IntrospectionHandlerCollaborators,
  IntrospectionHandlerOptions,
} from './introspection-options.js';
