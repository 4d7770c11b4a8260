import type { Principal, RefusedAttempt } from '@sallyport/core';
import * as gate from '../shared/gate.js';
import { hasNodeRequest } from './reading.js';
import { isRequestOf } from './same-request.js';

/**
 * Who was authenticated; the anonymous principal where no chain has run. Takes the Request that the chain was asked
 * about, or Hono's context, which also knows where middleware has replaced `c.req.raw` since.
 */
export function principalOf<Claims extends object = Record<string, unknown>>(request: object): Principal<Claims> {
  return gate.principalOf(grantedPartOf(request));
}

/**
 * Which verdict an `attempt` let pass: its kind and reason code. Undefined where nothing was refused, and where no chain
 * has run. Takes a Request or Hono's context.
 */
export function attemptedOf(request: object): RefusedAttempt | undefined {
  return gate.attemptedOf(grantedPartOf(request));
}

/** Of a context, its Request, and Node's request behind that, the first that something was granted to. */
function grantedPartOf(asked: object): object {
  const { req, env } = asked as { readonly req?: { readonly raw?: Request }; readonly env?: unknown };
  const request = req?.raw;
  if (request === undefined || gate.isGranted(asked)) return asked;
  // A Request that says the same was copied, say with another body; any other has credentials of its own.
  const isCopy = !gate.isGranted(request) && hasNodeRequest(env) && isRequestOf(env.incoming, request);
  return isCopy ? env.incoming : request;
}
