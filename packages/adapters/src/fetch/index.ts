import { type Decider, type Decision, type DeniedDecision, type Principal } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import { Gate, type RouteGate } from '../gate/gate.js';
import { shareGrant } from '../gate/grant.js';
import { isPreflight } from '../gate/preflight.js';
import type { RouteDemands } from '../gate/route-demands.js';
import { principalOf, userOf } from '../node/principal.js';
import { hasNodeRequest, targetOf } from '../node/same-request.js';
import { headerFields } from '../node/write-denial.js';
import { answering } from './answer-end.js';
import { responseOf } from './denial.js';
import { checkedFetchOptions, type FetchSecurityOptions } from './fetch-options.js';
import { addressesOf } from './peer-addresses.js';
import { fetchReading, noteRefused } from './reading.js';

export { type LeaseOptions, leaseOf } from '../node/lease.js';
export { attemptedOf, principalOf } from '../node/principal.js';
export { CERTIFICATE_CHANNEL, type CertificateEvent, onCertificateEvent } from '../proxies/certificate-events.js';
export type { FetchSecurityOptions } from './fetch-options.js';
export type { AddressHeader } from './peer-addresses.js';

/** A fetch handler: what servers of many runtimes call, with whatever they pass besides the request. */
export type FetchHandler<Rest extends unknown[]> = (request: Request, ...rest: Rest) => Response | Promise<Response>;

/** The part of a middleware's context that Hono, and frameworks like it, offer. */
export interface FetchContext {
  readonly req: { readonly raw: Request; readonly path?: string };
  readonly env: unknown;
  /** Undefined for anonymous callers. */
  set(name: 'user', principal: Principal | undefined): void;
  header(name: string, value: string, options: { append: boolean }): void;
}

export type FetchMiddleware = (context: FetchContext, next: () => Promise<void>) => Promise<Response | undefined>;

export interface FetchSecurity<Scopes extends string = string> {
  /**
   * Wraps a whole handler: `serve({ fetch: secure(app.fetch) })`. Guards are checked on every request. In
   * `secure(handler, optional(tokens))` a requirement stands in the place of the chain's; guards may follow.
   */
  <Rest extends unknown[]>(handler: FetchHandler<Rest>, ...demands: RouteDemands<Scopes>): FetchHandler<Rest>;
  /**
   * Wraps the handler of one route, whose template is that of the contract. For frameworks that give a handler the URL as it
   * was received, even if they have chosen the route by another one: in Next.js, after a rewrite. Unless rewriting is
   * allowed, the URL must be granted as well.
   * @example
   * const secure = fetchSecurity(chain);
   * export const GET = secure.route('/orders/{id}', (request: Request) => new Response(principalOf(request).subject));
   */
  route<Rest extends unknown[]>(
    template: string,
    handler: FetchHandler<Rest>,
    ...demands: RouteDemands<Scopes>
  ): FetchHandler<Rest>;
  /**
   * Makes middleware for Hono: `app.use(secure.middleware())`, `secure.middleware(requireScopes('a'))` for a route, or
   * `secure.middleware(optional(tokens))` for a route with a requirement of its own. What middleware in front requires
   * still holds.
   */
  middleware(...demands: RouteDemands<Scopes>): FetchMiddleware;
}

/**
 * Mounts a chain in front of fetch handlers (Request -> Response). Read the principal with `principalOf(request)`, in
 * Hono also with `principalOf(c)` and `c.get('user')`, which is undefined for anonymous callers. Servers on Node that pass `{ incoming, outgoing }` have their raw request read.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const secure = fetchSecurity(chain);
 * const app = new Hono();
 * app.use(secure.middleware());
 * app.get('/orders', secure.middleware(requireScopes('orders:read')), (c) => c.text(principalOf(c).subject));
 */
export function fetchSecurity<Scopes extends string = string>(
  decider: Decider<Scopes>,
  options: FetchSecurityOptions = {},
): FetchSecurity<Scopes> {
  const checked = checkedFetchOptions(options);
  const { allowPreflight, allowRewriting, proxies, onDenied = responseOf } = checked;
  const reading = { proxies, allowRewriting, ...addressesOf(checked) };
  const chainGate = new Gate(decider);
  const isLetThrough = (request: Request) => allowPreflight && isPreflight(request.method, [...request.headers].flat());
  const decide = (
    request: Request,
    rest: readonly unknown[],
    { gate, guard }: RouteGate,
    path: string | undefined,
    template?: string,
  ) => {
    const source = fetchReading(request, rest, reading, path, template);
    const { carrier } = source;
    const decision = gate.decide(carrier, source, guard);
    return decision instanceof Promise ? shareLater(decision, source, request) : share(decision, carrier, request);
  };
  const letThrough = (request: Request, bindings: unknown) => {
    chainGate.letThrough(request);
    if (hasNodeRequest(bindings)) chainGate.letThrough(bindings.incoming);
  };

  /** A Request has an absolute URL. It is taken apart only where something may be published. */
  const published = ({ method, url }: Request) => {
    const answer = url.includes('/.well-known/') ? chainGate.published(method, targetOf(url)) : undefined;
    return answer && responseOf(answer);
  };
  const refuse = (denied: DeniedDecision, request: Request) => onDenied(denied, request, () => responseOf(denied));

  function wrapped<Rest extends unknown[]>(
    handler: FetchHandler<Rest>,
    demands: RouteDemands,
    template?: string,
  ): FetchHandler<Rest> {
    if (typeof handler !== 'function')
      throw option.invalid('handler', 'must be a function; for middleware call secure.middleware()');
    const asked = chainGate.of(demands);
    return function sallyport(request, ...rest) {
      const own = published(request);
      if (own !== undefined) return own;
      if (isLetThrough(request)) {
        letThrough(request, rest[0]);
        return handler(request, ...rest);
      }
      const proceed = (decision: Decision) =>
        answering(request, () =>
          decision.kind === 'denied'
            ? refuse(decision, request)
            : withHeaders(handler(request, ...rest), decision.headers),
        );
      const decision = decide(request, rest, asked, undefined, template);
      return decision instanceof Promise ? decision.then(proceed) : proceed(decision);
    };
  }

  function middleware(...demands: RouteDemands): FetchMiddleware {
    const asked = chainGate.of(demands);
    return async function sallyport(context, next) {
      const request = context.req.raw;
      const own = published(request);
      if (own !== undefined) return own;
      if (isLetThrough(request)) {
        letThrough(request, context.env);
        attach(request, context);
        await next();
        return undefined;
      }
      const deciding = decide(request, [context.env], asked, context.req.path);
      // Most are decided at once, and an `await` would put them off all the same (bench: adapters).
      const decision = deciding instanceof Promise ? await deciding : deciding;
      attach(request, context);
      if (decision.kind === 'denied') return answering(request, () => refuse(decision, request));
      await answering(request, next);
      // Only now: what is set before is lost where a handler answers with a Response of its own.
      for (const [name, value, append] of placed(decision.headers)) context.header(name, value, { append });
      return undefined;
    };
  }

  const secure = <Rest extends unknown[]>(handler: FetchHandler<Rest>, ...demands: RouteDemands) =>
    wrapped(handler, demands);
  const route = <Rest extends unknown[]>(template: string, handler: FetchHandler<Rest>, ...demands: RouteDemands) => {
    if (typeof template !== 'string' || !template.startsWith('/'))
      throw option.invalid('template', 'must be a path such as /orders/{id}');
    return wrapped(handler, demands, template);
  };
  return Object.assign(secure, { route, middleware });
}

/** Keeps the grant on the Request, for `principalOf`. */
function share(decision: Decision, carrier: object, request: Request): Decision {
  if (carrier !== request) shareGrant(carrier, request);
  return decision;
}

function shareLater(
  pending: Promise<Decision>,
  source: ReturnType<typeof fetchReading>,
  request: Request,
): Promise<Decision> {
  return pending.then((decision) => {
    if (decision.kind === 'denied') noteRefused(source);
    return share(decision, source.carrier, request);
  });
}

function attach(request: Request, context: FetchContext): void {
  shareGrant(request, context);
  context.set('user', userOf(principalOf(request)));
}

/** The headers of a foreign response may be immutable, so further headers need a new response. */
function withHeaders(
  answer: Response | Promise<Response>,
  lines: DeniedDecision['headers'],
): Response | Promise<Response> {
  if (lines.length === 0) return answer;
  if (answer instanceof Promise) return answer.then((later) => withHeaders(later, lines));
  const headers = new Headers(answer.headers);
  for (const [name, value, append] of placed(lines)) headers[append ? 'append' : 'set'](name, value);
  const { status, statusText } = answer;
  // Workers write an empty text, and not the usual one.
  return new Response(answer.body, { status, ...(statusText !== '' && { statusText }), headers });
}

type PlacedField = readonly [name: string, value: string, append: boolean];

const NO_FIELDS: readonly PlacedField[] = [];

/** The first line of a name replaces earlier lines: a chain that is mounted twice adds its headers once. */
function placed(lines: DeniedDecision['headers']): readonly PlacedField[] {
  if (lines.length === 0) return NO_FIELDS;
  return [...headerFields(lines)].flatMap(([name, values]) =>
    [values].flat().map((value, index) => [name, value, index > 0] as const),
  );
}
