/** For authors of handlers that ask other servers. */
export type { Abandoned } from './abandoned.js';
export { CallsSuspended } from './circuit.js';
export type { ClientCertificate } from './connections/connection-options.js';
export { type OutboundAnswer, Unanswered, UnexpectedStatus } from './outbound-answer.js';
export { OutboundClient, type OutboundCollaborators } from './outbound-client.js';
export {
  checkedEndpoint,
  type OutboundOptions,
  type OutboundSettings,
  outboundOptions,
} from './outbound-options.js';
export type { Caller, OutboundRequest, PendingRequest } from './outbound-request.js';
export type { OutboundStatistics } from './outbound-statistics.js';
export type { HeaderFile } from './own-headers.js';
export { PacedTask } from './paced-task.js';
export { discoverMetadata, endpointOf, type MetadataSource, type ServerMetadata } from './server-metadata.js';
