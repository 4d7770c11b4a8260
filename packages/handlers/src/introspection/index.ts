export type { ConfirmationOptions } from '../confirmation/confirmation-options.js';
export type { DpopOptions } from '../dpop/dpop-options.js';
export type { SignatureAlgorithm } from '../jose/algorithms.js';
export type { KeySource } from '../keys/key-source.js';
export type { ClientCertificate } from '../outbound/connections/connection-options.js';
export type { OutboundOptions } from '../outbound/outbound-options.js';
export type { OutboundStatistics } from '../outbound/outbound-statistics.js';
export type { MappingOutcome, ToldError } from '../token/mapping-failure.js';
export type { MapPrincipal } from '../token/principal-mapping.js';
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
  SignedAnswerOptions,
} from './introspection-options.js';
