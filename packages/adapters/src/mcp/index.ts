export { type LeaseOptions, leaseOf } from '../node/lease.js';
export { attemptedOf, principalOf } from '../node/principal.js';
export { CERTIFICATE_CHANNEL, type CertificateEvent, onCertificateEvent } from '../proxies/certificate-events.js';
export { authInfoOf, type McpAuthExtra, type McpAuthInfo } from './auth-info.js';
export type { McpTokenVerifier, McpVerifiedToken } from './bearer/verifier-handler.js';
export { type McpBearerAuthOptions, requireBearerAuth } from './bearer-auth.js';
export type { McpRule, McpSecurityOptions } from './mcp-options.js';
export { type McpContext, type McpFetchHandler, type McpSecurity, mcpSecurity } from './mcp-security.js';
