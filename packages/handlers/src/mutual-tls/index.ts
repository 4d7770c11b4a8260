export type { Identity } from './identity.js';
export type { MutualTlsCredential } from './mutual-tls-credential.js';
export { MUTUAL_TLS_CHANNEL, type MutualTlsEvent, onMutualTlsEvent } from './mutual-tls-events.js';
export { MutualTlsHandler, type MutualTlsStatistics } from './mutual-tls-handler.js';
export type {
  MutualTlsHandlerCollaborators,
  MutualTlsHandlerOptions,
  RememberedCertificateOptions,
} from './mutual-tls-options.js';
