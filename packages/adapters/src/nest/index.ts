export { type LeaseOptions, leaseOf } from '../node/lease.js';
export { attemptedOf, principalOf } from '../node/principal.js';
export { CERTIFICATE_CHANNEL, type CertificateEvent, onCertificateEvent } from '../proxies/certificate-events.js';
export { CurrentPrincipal, Guarded, Public, RequireRoles, RequireScopes, Secured } from './decorators/decorators.js';
export type { DemandDecorator, FindHandler, HandlerClass, RequirementSource } from './decorators/demands.js';
export { AuthGuard, SallyportGuard } from './guard.js';
export { SallyportModule, type SallyportModuleAsyncOptions } from './module.js';
export type { SallyportModuleOptions } from './module-options.js';
export { frameworkErrors } from './platforms/framework-errors.js';
