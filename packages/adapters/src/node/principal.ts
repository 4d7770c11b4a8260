import { type Principal, type RefusedAttempt } from '@sallyport/core';
import { ANONYMOUS } from '@sallyport/core/extend';
import { type Grant, lastGrantOf } from '../gate/grant.js';
import { hasNodeRequest, isRequestOf } from './same-request.js';

/**
 * Who was authenticated; the anonymous principal where no chain has run. Takes the request that the chain was asked
 * about, or the context of Koa or Hono; that of Hono also knows where middleware has replaced `c.req.raw` since.
 * @example
 * app.get('/orders', secure(), (request, response) => {
 *   const { subject, claims } = principalOf<{ tenant: string }>(request);
 *   response.json({ subject, tenant: claims.tenant });
 * });
 */
export function principalOf<Claims extends object = Record<string, unknown>>(request: object): Principal<Claims> {
  return (grantAbout(request)?.decision.principal ?? ANONYMOUS) as Principal<Claims>;
}

/**
 * Which verdict an `attempt` let pass: its kind and reason code. Undefined where nothing was refused, and where no chain
 * has run. Takes what `principalOf` takes.
 * @example
 * app.get('/', secure(attempt(session)), (request, response) => {
 *   response.send(attemptedOf(request)?.reason ?? 'no bad cookie was sent');
 * });
 */
export function attemptedOf(request: object): RefusedAttempt | undefined {
  return grantAbout(request)?.decision.attempted;
}

/** What goes where a framework's users look for a user: nobody is none, or `if (request.user)` would be true of anyone. */
export function userOf(principal: Principal): Principal | undefined {
  return principal.kind === 'anonymous' ? undefined : principal;
}

/** The last grant: on the object itself or, where it is Hono's context, about its Request, and Node's request behind that. */
export function grantAbout(asked: object): Grant | undefined {
  const known = lastGrantOf(asked);
  if (known !== undefined) return known;
  const { req, env } = asked as { readonly req?: { readonly raw?: Request }; readonly env?: unknown };
  const request = req?.raw;
  if (request === undefined) return undefined;
  // A Request that says the same was copied, say with another body; any other has credentials of its own.
  const isCopy = hasNodeRequest(env) && isRequestOf(env.incoming, request);
  return lastGrantOf(request) ?? (isCopy ? lastGrantOf(env.incoming) : undefined);
}
