import type { FastifyReply, FastifyRequest } from 'fastify';
import { NodeRequestSource } from '../node/node-request-source.js';
import { readAsReceived, receivedMethod } from '../node/rewriting.js';
import type { Route, RouteKeys } from './route-key.js';
import { routedPath } from './routed-path.js';

/** Reads a request as Fastify has routed it. Unless rewriting is allowed, also reads it as it was received. */
export function readingOf(
  request: FastifyRequest,
  reply: FastifyReply,
  trustedHops: number,
  allowRewriting: boolean,
  keys: RouteKeys,
  route: Route,
): NodeRequestSource {
  const { raw, originalUrl } = request;
  const source = new NodeRequestSource(raw, reply.raw, trustedHops, raw.url, () => keys.of(route, request));
  const routed = routedPath(request);
  if (!allowRewriting) readAsReceived(source, request, receivedMethod(raw), originalUrl);
  // The route that Fastify chose runs, even if a hook has changed the URL since.
  if (routed !== undefined)
    source.others = [...(source.others ?? []), { carrier: request, source: source.readAs(source.method, routed) }];
  return source;
}
