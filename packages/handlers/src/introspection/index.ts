export type {
  BearerAuthentication,
  ClientAuthentication,
  ClientSecretAuthentication,
  ClientSecretJwtAuthentication,
  MutualTlsAuthentication,
  PrivateKeyJwtAuthentication,
} from './client-authentication.js';
export { INTROSPECTION_CHANNEL, type IntrospectionEvent, onIntrospectionEvent } from './introspection-events.js';
export { IntrospectionHandler, type IntrospectionStatistics } from './introspection-handler.js';
export type {
  IntrospectionHandlerCollaborators,
  IntrospectionHandlerOptions,
  RememberedAnswerOptions,
} from './introspection-options.js';
export type { SignedAnswerOptions } from './signed-answer-options.js';
