import type { Decider, Guard, GuardLike } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import type { FastifyError, FastifyPluginCallback, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import fp from 'fastify-plugin';
import { type AdapterOptions, checkedAdapterOptions } from '../gate/adapter-options.js';
import { Gate } from '../gate/gate.js';
import { isPreflight } from '../gate/preflight.js';
import type { RouteDemands } from '../gate/route-demands.js';
import { headerLinesOf } from '../node/header-lines.js';
import { isAnswerable } from '../node/node-message.js';
import { principalOf, userOf } from '../node/principal.js';
import { answerBy, headerFields } from '../node/write-denial.js';
import { sendDenial } from './denial.js';
import { readingOf } from './reading.js';
import { type Route, Routes } from './route-key.js';

export { type LeaseOptions, leaseOf } from '../node/lease.js';
export { attemptedOf, principalOf } from '../node/principal.js';
export { CERTIFICATE_CHANNEL, type CertificateEvent, onCertificateEvent } from '../proxies/certificate-events.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Guards that this route adds to the chain of its context. */
    sallyport?: { readonly guards: readonly GuardLike[] };
  }
}

export type FastifySecurityOptions = AdapterOptions<readonly [request: FastifyRequest, reply: FastifyReply]>;

export interface FastifySecurity<Scopes extends string = string> {
  /**
   * Makes an `onRequest` hook for a route: `{ onRequest: secure(requireScopes('a')) }`. `secure(optional(tokens))` has a
   * requirement of its own in the place of the chain's, and may have guards behind it. What the plugin requires in this
   * context still holds.
   */
  (...demands: RouteDemands<Scopes>): onRequestHookHandler;
  /** Secures the context that registers it, and all contexts below: `app.register(secure.plugin)`. */
  readonly plugin: FastifyPluginCallback;
  /**
   * Asks the chain about what Fastify refuses before routing: `Fastify({ frameworkErrors: secure.frameworkErrors })`.
   */
  frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void;
}

/**
 * Mounts a chain into Fastify 5, before any body is read. A granted request goes on with its principal in
 * `request.user`. For anonymous callers that is null, even if it had a value before. `principalOf(request)` reads the
 * principal with its type. Routes add guards with the hook that `secure(...)` makes or, below the plugin, with
 * `config: { sallyport: { guards: [...] } }`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const secure = fastifySecurity(chain);
 * const app = Fastify({ frameworkErrors: secure.frameworkErrors });
 * await app.register(secure.plugin);
 * app.get('/orders', { onRequest: secure(requireScopes('orders:read')) }, async (request) => principalOf(request).subject);
 */
export function fastifySecurity<Scopes extends string = string>(
  decider: Decider<Scopes>,
  options: FastifySecurityOptions = {},
): FastifySecurity<Scopes> {
  const { allowPreflight, allowRewriting, proxies, onDenied = sendDenial } = checkedAdapterOptions(options);
  const chainGate = new Gate(decider);
  const routes = new Routes();

  function hookOf(gate: Gate, guardOf: (route: Route) => Guard | undefined): onRequestHookHandler {
    return function sallyport(request: FastifyRequest & { user?: unknown }, reply, done) {
      const published = chainGate.published(request.method, request.originalUrl);
      if (published !== undefined) return sendDenial(published, request, reply);
      if (allowPreflight && isPreflight(request.method, headerLinesOf(request.raw))) {
        gate.letThrough(request);
        request.user = null;
        return done();
      }
      const route = routes.of(request);
      const source = readingOf(request, reply, proxies, allowRewriting, route);
      gate.pass(request, source, guardOf(route), (decision) => {
        if (reply.sent) return;
        request.user = userOf(principalOf(request)) ?? null;
        if (decision.kind === 'granted') {
          for (const [name, value] of headerFields(decision.headers)) reply.header(name, value);
          return done();
        }
        const answer = () => sendDenial(decision, request, reply);
        if (isAnswerable(reply.raw)) answerBy(() => onDenied(decision, request, reply, answer), done);
      });
    };
  }

  const inContext = hookOf(chainGate, (route) => route.guard);
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
  const secure = (...demands: RouteDemands): onRequestHookHandler => {
    if (demands.some(isFastify)) return notThePlugin();
    const { gate, guard } = chainGate.of(demands);
    return hookOf(gate, () => guard);
  };
  return Object.assign(secure, {
    plugin,
    frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
      inContext.call(request.server, request, reply, () => reply.send(error));
    },
  });
}

/** An instance of Fastify, which `register` passes to a plugin. */
function isFastify(demand: unknown): boolean {
  return typeof (demand as { addHook?: unknown } | null | undefined)?.addHook === 'function';
}

/** Fastify hears of the mistake as a promise: an exception would pass it by and end the process. */
function notThePlugin(): never {
  const problem = option.invalid('plugin', 'is a member: app.register(secure.plugin), not app.register(secure)');
  return Promise.reject(problem) as never;
}
