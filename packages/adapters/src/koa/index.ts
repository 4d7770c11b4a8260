import type { Decider, Decision, DeniedDecision } from '@sallyport/core';
import type { Context, Middleware, Next } from 'koa';
import { type AdapterOptions, checkedAdapterOptions } from '../gate/adapter-options.js';
import { Gate } from '../gate/gate.js';
import { isPreflight, staysLetThrough } from '../gate/preflight.js';
import type { RouteDemands } from '../gate/route-demands.js';
import { headerLinesOf } from '../node/header-lines.js';
import { isAnswerable } from '../node/node-message.js';
import { principalOf, userOf } from '../node/principal.js';
import { headerFields } from '../node/write-denial.js';
import { answerDenial } from './denial.js';
import { mountOf, readingOf, rewrittenReading } from './reading.js';
import { RouteKeys } from './route-key.js';
import { RewritingBehind, watchOf } from './watched-request.js';

export { type LeaseOptions, leaseOf } from '../node/lease.js';
export { attemptedOf, principalOf } from '../node/principal.js';
export { CERTIFICATE_CHANNEL, type CertificateEvent, onCertificateEvent } from '../proxies/certificate-events.js';

export type KoaSecurityOptions = AdapterOptions<readonly [context: Context]>;

/**
 * Makes middleware: `app.use(secure())`, or `secure(requireScopes('a'))` in front of a route's handlers.
 * `secure(optional(tokens))` has a requirement of its own in the place of the chain's, and may have guards behind it.
 * What a `secure()` in front requires still holds.
 */
export type KoaSecurity<Scopes extends string = string> = (...demands: RouteDemands<Scopes>) => Middleware;

/**
 * Mounts a chain into Koa 2 or 3. A granted request goes on with its principal in `ctx.state.user`. For anonymous
 * callers that is undefined, even if it had a value before. `principalOf(ctx)` reads the principal with its type. A
 * refusal is set on `ctx`, so middleware in front sees it and may log it.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const app = new Koa();
 * const secure = koaSecurity(chain);
 * app.use(secure());
 * app.use((context) => {
 *   context.body = principalOf(context).subject;
 * });
 */
export function koaSecurity<Scopes extends string = string>(
  decider: Decider<Scopes>,
  options: KoaSecurityOptions = {},
): KoaSecurity<Scopes> {
  const { allowPreflight, allowRewriting, proxies, onDenied = answerDenial } = checkedAdapterOptions(options);
  const chainGate = new Gate(decider);
  const refuse = (denied: DeniedDecision, context: Context): unknown =>
    onDenied(denied, context, () => answerDenial(denied, context));
  /** Lets a granted request in; gives back a refusal. */
  const admit = (context: Context, decision: Decision): DeniedDecision | undefined => {
    context.state['user'] = userOf(principalOf(context));
    if (decision.kind === 'denied') return decision;
    for (const [name, value] of headerFields(decision.headers)) context.set(name, value);
    return undefined;
  };
  return function secure(...demands) {
    const { gate, guard } = chainGate.of(demands);
    const sallyport: Middleware = (context, next) => {
      watchOf(context)?.letRead();
      const { method = '', url = '' } = context.req;
      const published = chainGate.published(method, context.originalUrl);
      if (published !== undefined) return answerDenial(published, context);
      const mount = mountOf(context, keys);
      if (allowPreflight && isPreflight(method, headerLinesOf(context.req))) {
        gate.letThrough(context);
        context.state['user'] = undefined;
        return behind.run(context, next, method, url, mount);
      }
      const source = readingOf(context, proxies, allowRewriting, mount, keys);
      const decision = gate.decide(context, source, guard);
      if (!(decision instanceof Promise)) return proceed(context, next, decision, method, url, mount);
      return decision.then((later) => (source.isOver ? undefined : proceed(context, next, later, method, url, mount)));
    };
    const proceed = (
      context: Context,
      next: Next,
      decision: Decision,
      method: string,
      url: string,
      mount: string,
    ): unknown => {
      const denied = admit(context, decision);
      if (denied === undefined) return behind.run(context, next, method, url, mount);
      watchOf(context)?.putBack();
      return isAnswerable(context.res) ? refuse(denied, context) : undefined;
    };
    const keys = new RouteKeys(sallyport);
    const behind = new RewritingBehind(sallyport, {
      decide: (context, mount, url) => {
        // `secure()` in front has judged the request as it was received. Here only the request that runs is judged.
        const source = rewrittenReading(context, proxies, mount, url);
        if (staysLetThrough(context, source, allowPreflight)) return undefined;
        if (gate.hasGranted(context, source.method, source.target)) return undefined;
        const decision = gate.decide(context, source, guard);
        return decision instanceof Promise ? decision.then((later) => admit(context, later)) : admit(context, decision);
      },
      refuse,
    });
    return sallyport;
  };
}
