import type { Guard } from '@sallyport/core';
import type { RouteKey } from '@sallyport/core/extend';
import type { FastifyContextConfig, FastifyRequest } from 'fastify';
import { routeGuard } from '../gate/route-guard.js';
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

  guardOf(config: FastifyContextConfig | undefined): Guard | undefined {
    return routeGuard(config?.sallyport?.guards ?? []);
  }
}
