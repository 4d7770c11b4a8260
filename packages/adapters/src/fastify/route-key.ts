import type { Guard } from '@sallyport/core';
import { option, type RouteKey } from '@sallyport/core/extend';
import type { FastifyContextConfig, FastifyRequest } from 'fastify';
import { checkedDemands } from '../gate/route-demands.js';
import { templateOf } from '../node/route-template.js';

/** What the adapter knows of a route: its path in a contract, and its own guards, compiled. */
export interface Route {
  readonly template: string | undefined;
  readonly guard: Guard | undefined;
}

const NO_ROUTE: Route = Object.freeze({ template: undefined, guard: undefined });

/** The routes that Fastify chooses. Each is looked at once. */
export class RouteKeys {
  readonly #known = new WeakMap<object, Route>();

  /** The key of a route. Undefined when its path cannot be written as an OpenAPI template. */
  of({ template }: Route, request: FastifyRequest): RouteKey | undefined {
    return template === undefined ? undefined : { method: request.method, template };
  }

  /** The route that Fastify chose. It is read for each request, so a route may be declared at any time. */
  routeOf(request: FastifyRequest): Route {
    const { config, url } = request.routeOptions;
    if (url === undefined) return NO_ROUTE;
    const known = this.#known.get(config);
    if (known !== undefined) return known;
    const route = { template: templateOf(url), guard: this.guardOf(config) };
    this.#known.set(config, route);
    return route;
  }

  /** A requirement is refused here: it would have to hold besides that of the chain. */
  guardOf({ sallyport }: FastifyContextConfig = {}): Guard | undefined {
    const { requirement, guard } = checkedDemands(sallyport?.guards ?? []);
    if (requirement === undefined && !Object.hasOwn(sallyport ?? {}, 'requirement')) return guard;
    throw option.invalid('config.sallyport', 'takes guards; a requirement goes to the hook: onRequest: secure(…)');
  }
}
