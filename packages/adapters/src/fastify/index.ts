import type { Decider, DeniedDecision, Guard, GuardLike } from '@sallyport/core';
import type {
  FastifyContextConfig,
  FastifyError,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
} from 'fastify';
import fp from 'fastify-plugin';
import { type AdapterOptions, checkedAdapterOptions } from '../gate/adapter-options.js';
import { Gate, userOf } from '../gate/gate.js';
import { isPreflight } from '../gate/preflight.js';
import { isAnswerable } from '../node/node-message.js';
import { NodeRequestSource } from '../node/node-request-source.js';
import { principalOf } from '../node/principal.js';
import { readAsReceived, receivedMethod } from '../node/rewriting.js';
import { templateOf } from '../node/route-template.js';
import { answerBy, headerFields } from '../node/write-denial.js';
import { routedPath } from './routed-path.js';

export { attemptedOf, principalOf } from '../node/principal.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Guards that this route adds to the chain of its context. */
    sallyport?: { readonly guards: readonly GuardLike[] };
  }
}

export type FastifySecurityOptions = AdapterOptions<readonly [request: FastifyRequest, reply: FastifyReply]>;

export interface FastifySecurity {
  /** Makes an `onRequest` hook for a route: `{ onRequest: secure(requireScopes('a')) }`. */
  (...guards: readonly GuardLike[]): onRequestHookHandler;
  /** Secures the context that it is registered in, and all below: `app.register(secure.plugin)`. */
  readonly plugin: FastifyPluginCallback;
  /** Lets the chain answer what Fastify refuses before routing: `Fastify({ frameworkErrors: secure.frameworkErrors })`. */
  frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void;
}

/**
 * Mounts a chain into Fastify 5, before any body is read. A granted request goes on with its principal in
 * `request.user`, which is null for anonymous callers whatever stood there; also read it with `principalOf(request)`,
 * which is typed. Routes add guards with the hook that `secure(...)` makes or, below the plugin, with
 * `config: { sallyport: { guards: [...] } }`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function fastifySecurity(decider: Decider, options: FastifySecurityOptions = {}): FastifySecurity {
  const { allowPreflight, allowRewriting, trustedHops, onDenied = sendDenial } = checkedAdapterOptions(options);
  const gate = new Gate(decider);
  const routes = new Routes(gate);

  function hookOf(guardOf: (route: Route) => Guard | undefined): onRequestHookHandler {
    return function sallyport(request: FastifyRequest & { user?: unknown }, reply, done) {
      if (allowPreflight && isPreflight(request.method, request.raw.rawHeaders)) {
        gate.letThrough(request);
        request.user = null;
        return done();
      }
      const route = routes.of(request);
      const { template } = route;
      const keyOf = () => (template === undefined ? undefined : { method: request.method, template });
      const { raw, originalUrl } = request;
      const source = new NodeRequestSource(raw, reply.raw, trustedHops, raw.url, keyOf);
      const routed = routedPath(request);
      if (!allowRewriting) readAsReceived(source, request, receivedMethod(raw), originalUrl);
      // What Fastify has routed runs, whatever the URL says now.
      if (routed !== undefined)
        source.others = [...(source.others ?? []), { carrier: request, source: source.readAs(source.method, routed) }];
      gate.pass(request, source, guardOf(route), (decision) => {
        if (reply.sent) return;
        request.user = userOf(principalOf(request)) ?? null;
        if (decision.kind === 'granted') {
          for (const [name, value] of headerFields(decision.headers)) reply.header(name, value);
          return done();
        }
        const answer = () => sendDenial(decision, request, reply);
        if (isAnswerable(reply.raw)) answerBy(() => onDenied(decision, request, reply, answer), fail);
      });
      function fail(error: unknown): void {
        done(error instanceof Error ? error : new Error('onDenied failed', { cause: error }));
      }
    };
  }

  const inContext = hookOf((route) => route.guard);
  const plugin = fp(
    (app, _options, done) => {
      if (!app.hasRequestDecorator('user')) app.decorateRequest('user', null);
      app.addHook('onRequest', inContext);
      // Wrong guards are found when the server starts.
      app.addHook('onRoute', ({ config }) => void routes.guardOf(config));
      done();
    },
    { name: '@sallyport/adapters/fastify', fastify: '5.x' },
  );
  const secure = (...guards: readonly GuardLike[]): onRequestHookHandler => {
    const guard = gate.guardOf(guards);
    return hookOf(() => guard);
  };
  return Object.assign(secure, {
    plugin,
    frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
      inContext.call(request.server, request, reply, () => reply.send(error));
    },
  });
}

/** What the adapter knows of a route: its path in a contract, and its own guards, compiled. */
interface Route {
  readonly template: string | undefined;
  readonly guard: Guard | undefined;
}

const NO_ROUTE: Route = Object.freeze({ template: undefined, guard: undefined });

class Routes {
  readonly #gate: Gate;
  readonly #known = new WeakMap<object, Route>();

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** The route that Fastify chose; read when it is called, so that no route can be declared too early. */
  of(request: FastifyRequest): Route {
    const { config, url } = request.routeOptions;
    if (url === undefined) return NO_ROUTE;
    const known = this.#known.get(config);
    if (known !== undefined) return known;
    const route = { template: templateOf(url), guard: this.guardOf(config) };
    this.#known.set(config, route);
    return route;
  }

  guardOf(config: FastifyContextConfig | undefined): Guard | undefined {
    return this.#gate.guardOf(config?.sallyport?.guards ?? []);
  }
}

/** As bytes: Fastify adds a charset to JSON that it gets as text. */
function sendDenial(denied: DeniedDecision, _request: FastifyRequest, reply: FastifyReply): void {
  const body = Buffer.from(denied.body);
  reply.code(denied.status);
  for (const [name, value] of headerFields(denied.headers)) reply.header(name, value);
  reply.header('content-length', body.length).send(body);
}
