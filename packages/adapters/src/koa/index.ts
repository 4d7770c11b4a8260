import type { Decider, Decision, DeniedDecision, GuardLike } from '@sallyport/core';
import type { Context, Middleware, Next } from 'koa';
import { type AdapterOptions, checkedAdapterOptions } from '../gate/adapter-options.js';
import { Gate } from '../gate/gate.js';
import { isPreflight, staysLetThrough } from '../gate/preflight.js';
import { routeGuard } from '../gate/route-guard.js';
import { isAnswerable } from '../node/node-message.js';
import type { NodeRequestSource } from '../node/node-request-source.js';
import { principalOf, userOf } from '../node/principal.js';
import { headerFields } from '../node/write-denial.js';
import { answerDenial } from './denial.js';
import { MiddlewareBehind } from './middleware-behind.js';
import { type Place, readingOf, urlOf } from './reading.js';
import { RouteKeys } from './route-key.js';

export { attemptedOf, principalOf } from '../node/principal.js';

export type KoaSecurityOptions = AdapterOptions<readonly [context: Context]>;

/** Makes middleware: `app.use(secure())`, or `secure(requireScopes('a'))` in front of a route's handlers. */
export type KoaSecurity = (...guards: readonly GuardLike[]) => Middleware;

/**
 * Mounts a chain into Koa 2 or 3. A granted request goes on with its principal in `ctx.state.user`. For anonymous
 * callers that is undefined, even if it had a value before. `principalOf(ctx)` reads the principal with its type. A
 * refusal is set on `ctx`, so middleware in front sees it and may log it.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function koaSecurity(decider: Decider, options: KoaSecurityOptions = {}): KoaSecurity {
  const { allowPreflight, allowRewriting, trustedHops, onDenied = answerDenial } = checkedAdapterOptions(options);
  const gate = new Gate(decider);
  const refuse = (denied: DeniedDecision, context: Context): unknown =>
    onDenied(denied, context, () => answerDenial(denied, context));
  const proceed = (context: Context, next: Next, decision: Decision, behind: MiddlewareBehind): unknown => {
    context.state['user'] = userOf(principalOf(context));
    if (decision.kind === 'denied') return isAnswerable(context.res) ? refuse(decision, context) : undefined;
    for (const [name, value] of headerFields(decision.headers)) context.set(name, value);
    return behind.run(context, next);
  };
  return function secure(...guards) {
    const guard = routeGuard(guards);
    const sallyport: Middleware = (context, next) => {
      if (allowPreflight && isPreflight(context.method, context.req.rawHeaders)) {
        gate.letThrough(context);
        context.state['user'] = undefined;
        return behind.run(context, next);
      }
      return pass(readingOf(context, trustedHops, allowRewriting, keys), context, next);
    };
    const pass = (source: NodeRequestSource, context: Context, next: Next): unknown => {
      const decision = gate.decide(context, source, guard);
      if (!(decision instanceof Promise)) return proceed(context, next, decision, behind);
      return decision.then((later) => (source.isOver ? undefined : proceed(context, next, later, behind)));
    };
    const keys = new RouteKeys(sallyport);
    const behind = new MiddlewareBehind(sallyport, {
      isGranted: (context) => gate.hasGranted(context, context.method, urlOf(context)),
      decide: (context, next, isInRoute) => {
        // `secure()` in front has judged the request as it was received. Here only the request that runs is judged.
        const source = readingOf(context, trustedHops, true, isInRoute ? CHOSEN_ROUTE : APPLICATION);
        if (staysLetThrough(context, source, allowPreflight)) return next();
        return gate.hasGranted(context, source.method, source.target) ? next() : pass(source, context, next);
      },
    });
    return sallyport;
  };
}

/**
 * The place of a chosen route. It is below no mount if its router stands in the application itself. The request is
 * judged by its path alone, without the key of a route.
 */
const CHOSEN_ROUTE: Place = {
  areOf: ({ middleware }, { router }) => middleware.some((each) => 'router' in each && each.router === router),
  of: () => undefined,
};

/** The place of middleware that stands in the application itself. */
const APPLICATION: Place = { areOf: () => true, of: () => undefined };
