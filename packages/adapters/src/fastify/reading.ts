import type { FastifyReply, FastifyRequest } from 'fastify';
import { NodeRequestSource } from '../node/node-request-source.js';
import { readAsReceived, receivedMethod } from '../node/rewriting.js';
import type { Route, RouteKeys } from './route-key.js';
import { routedPath } from './routed-path.js';

/** Reads a request as Fastify has routed it and, unless rewriting is allowed, as it was received. */
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
  // What Fastify has routed runs, whatever the URL says now.
  if (routed !== undefined)
    source.others = [...(source.others ?? []), { carrier: request, source: source.readAs(source.method, routed) }];
  return source;
}
