/** For authors of adapters. Applications need the door of their framework alone. */
export {
  type AdapterOptions,
  type CheckedAdapterOptions,
  checkedAdapterOptions,
  type OnDenied,
} from './gate/adapter-options.js';
export type { Closable, ClosableSocket } from './gate/closable.js';
export { Gate } from './gate/gate.js';
export { isPreflight } from './gate/preflight.js';
export type { AnswerableReading, OtherReading, PathReading, Reading } from './gate/reading.js';
export type { RouteDemands } from './gate/route-demands.js';
export { headerLinesOf } from './node/header-lines.js';
export { type LeaseOptions, leaseOf } from './node/lease.js';
export { isAnswerable, type NodeRequest, type NodeResponse } from './node/node-message.js';
export { NodeRequestSource } from './node/node-request-source.js';
export { attemptedOf, principalOf, userOf } from './node/principal.js';
export { nodeReading, readAsReceived, runningTarget } from './node/rewriting.js';
export { templateOf } from './node/route-template.js';
export { answerBy, headerFields, setHeaderLines, writeDenial } from './node/write-denial.js';
export { CERTIFICATE_CHANNEL, type CertificateEvent, onCertificateEvent } from './proxies/certificate-events.js';
export { NO_PROXIES, TrustedProxies } from './proxies/trusted-proxies.js';
