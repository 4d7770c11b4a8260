import { keepSpecimen, type MissingBody, type RouteKey } from '@sallyport/core/extend';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NodeRequestSource } from '../node/node-request-source.js';
import { readAsReceived, receivedMethod } from '../node/rewriting.js';
import { NO_PROXIES, type TrustedProxies } from '../proxies/trusted-proxies.js';
import { Route } from './route-key.js';
import { routedPath } from './routed-path.js';

/** Keeps the raw body where plugins of Fastify keep it, and finds it there. */
class FastifySource extends NodeRequestSource {
  static {
    const request = { raw: { url: '', method: '' } } as FastifyRequest;
    const reply = { raw: {} } as FastifyReply;
    keepSpecimen(new this(request, reply, NO_PROXIES, new Route(undefined, undefined)));
  }

  readonly #framed: RawBodied<FastifyRequest>;
  readonly #chosen: Route;

  constructor(request: FastifyRequest, reply: FastifyReply, proxies: TrustedProxies, chosen: Route) {
    super(request.raw, reply.raw, proxies);
    this.#framed = request;
    this.#chosen = chosen;
  }

  override get route(): RouteKey | undefined {
    return this.#chosen.keyOf(this.#framed.method);
  }

  override async body(limitBytes: number, signal: AbortSignal): Promise<Uint8Array | MissingBody> {
    const framed = this.#framed;
    const raw: RawBodied<FastifyRequest['raw']> = framed.raw;
    raw.rawBody ??= framed.rawBody;
    const body = await super.body(limitBytes, signal);
    framed.rawBody ??= raw.rawBody;
    return body;
  }
}

type RawBodied<Request> = Request & { rawBody?: unknown };

/** Reads a request as Fastify has routed it. Unless rewriting is allowed, also reads it as it was received. */
export function readingOf(
  request: FastifyRequest,
  reply: FastifyReply,
  proxies: TrustedProxies,
  allowRewriting: boolean,
  route: Route,
): NodeRequestSource {
  const { raw, originalUrl } = request;
  const source = new FastifySource(request, reply, proxies, route);
  const routed = route.wildcard === undefined ? undefined : routedPath(route.wildcard, request);
  if (!allowRewriting) readAsReceived(source, request, receivedMethod(raw), originalUrl);
  // The route that Fastify chose runs, even if a hook has changed the URL since.
  if (routed !== undefined)
    source.others = [...(source.others ?? []), { carrier: request, source: source.readAs(source.method, routed) }];
  return source;
}
