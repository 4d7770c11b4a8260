import type { Decider } from '@sallyport/core';
import { type ExpressSecurity, type ExpressSecurityOptions, mountedIn } from './express-security.js';

export { type LeaseOptions, leaseOf } from '../node/lease.js';
export { attemptedOf, principalOf } from '../node/principal.js';
export { CERTIFICATE_CHANNEL, type CertificateEvent, onCertificateEvent } from '../proxies/certificate-events.js';
export type { ExpressMiddleware, ExpressSecurity, ExpressSecurityOptions } from './express-security.js';

/**
 * Mounts a chain into Express 4 or 5. A granted request goes on with its principal in `req.user`, which is undefined
 * for anonymous callers whatever stood there; also read it with `principalOf(req)`, which is typed. A request is
 * authenticated once, however often the middleware is mounted.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const app = express();
 * const secure = expressSecurity(chain);
 * app.use(secure());
 * app.get('/orders', secure(requireScopes('orders:read')), (request, response) => {
 *   response.json({ by: principalOf(request).subject });
 * });
 */
export function expressSecurity<Scopes extends string = string>(
  decider: Decider<Scopes>,
  options: ExpressSecurityOptions = {},
): ExpressSecurity<Scopes> {
  return mountedIn(decider, options);
}
