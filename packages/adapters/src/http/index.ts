import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Decider, type DeniedDecision, type Principal } from '@sallyport/core';
import { ANONYMOUS } from '@sallyport/core/extend';
import { type AdapterOptions, checkedAdapterOptions } from '../gate/adapter-options.js';
import { Gate } from '../gate/gate.js';
import { isPreflight } from '../gate/preflight.js';
import type { RouteDemands } from '../gate/route-demands.js';
import { headerLinesOf } from '../node/header-lines.js';
import { isAnswerable, type NodeRequest, type NodeResponse } from '../node/node-message.js';
import { nodeReading } from '../node/rewriting.js';
import { setHeaderLines, writeDenial } from '../node/write-denial.js';

export { type LeaseOptions, leaseOf } from '../node/lease.js';
export { attemptedOf, principalOf } from '../node/principal.js';
export { CERTIFICATE_CHANNEL, type CertificateEvent, onCertificateEvent } from '../proxies/certificate-events.js';
export { type SecuredUpgrade, type UpgradeSecurity, type UpgradeSecurityOptions, upgradeSecurity } from './upgrade.js';

export type HttpSecurityOptions = AdapterOptions<readonly [request: NodeRequest, response: NodeResponse]>;

/** A request listener that also gets the principal, which is ANONYMOUS for anonymous callers. */
export type SecuredListener<Request extends NodeRequest, Response extends NodeResponse> = (
  request: Request,
  response: Response,
  principal: Principal,
) => void;

/**
 * Wraps a listener: `createServer(secure(listener))`, or with guards `secure(listener, requireScopes('a'))`. In
 * `secure(listener, optional(tokens))` a requirement stands in the place of the chain's; guards may follow.
 */
export type HttpSecurity<Scopes extends string = string> = <
  Request extends NodeRequest = IncomingMessage,
  Response extends NodeResponse = ServerResponse,
>(
  listener: SecuredListener<Request, Response>,
  ...demands: RouteDemands<Scopes>
) => (request: Request, response: Response) => void;

/**
 * Mounts a chain into `node:http`, `node:https` and `node:http2` (compatibility API) servers. A server that also
 * listens to `checkContinue` or `checkExpectation` needs those listeners wrapped too. For `upgrade` use
 * `upgradeSecurity`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const secure = httpSecurity(chain, { trustedHops: 1 });
 * createServer(secure((request, response, principal) => response.end(principal.subject))).listen(3000);
 */
export function httpSecurity<Scopes extends string = string>(
  decider: Decider<Scopes>,
  options: HttpSecurityOptions = {},
): HttpSecurity<Scopes> {
  const { allowPreflight, allowRewriting, proxies, onDenied } = checkedAdapterOptions(options);
  const chainGate = new Gate(decider);
  function refuse(denied: DeniedDecision, request: NodeRequest, response: NodeResponse): void {
    const answer = () => writeDenial(response, denied);
    if (onDenied === undefined) answer();
    else if (isAnswerable(response)) onDenied(denied, request, response, answer);
  }
  return function secure(listener, ...demands) {
    const { gate, guard } = chainGate.of(demands);
    return function sallyport(request, response) {
      const published = chainGate.published(request.method, request.url);
      if (published !== undefined) return writeDenial(response, published);
      if (allowPreflight && isPreflight(request.method, headerLinesOf(request))) {
        gate.letThrough(request);
        return listener(request, response, ANONYMOUS);
      }
      gate.pass(request, nodeReading(request, response, proxies, allowRewriting), guard, (decision) => {
        if (decision.kind === 'granted') {
          setHeaderLines(response, decision.headers);
          return listener(request, response, decision.principal);
        }
        refuse(decision, request, response);
      });
    };
  };
}
