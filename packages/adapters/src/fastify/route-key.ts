import type { Guard } from '@sallyport/core';
import { option, type RouteKey } from '@sallyport/core/extend';
import type { FastifyContextConfig, FastifyRequest } from 'fastify';
import { checkedDemands } from '../gate/route-demands.js';
import { templateOf } from '../node/route-template.js';
import { isWildcard } from './routed-path.js';

/** What the adapter knows of a route: its path in a contract, and its own guards, compiled. */
export class Route {
  readonly guard: Guard | undefined;
  /** Its path, if that ends in a wildcard. */
  readonly wildcard: string | undefined;
  readonly #template: string | undefined;
  #key: RouteKey | undefined;

  constructor(url: string | undefined, guard: Guard | undefined) {
    this.guard = guard;
    this.wildcard = url !== undefined && isWildcard(url) ? url : undefined;
    this.#template = url === undefined ? undefined : templateOf(url);
    this.#key = undefined;
  }

  /** Its key for requests of a method. Undefined when its path cannot be written as an OpenAPI template. */
  keyOf(method: string): RouteKey | undefined {
    if (this.#key?.method === method) return this.#key;
    this.#key = this.#template === undefined ? undefined : { method, template: this.#template };
    return this.#key;
  }
}

const NO_ROUTE = new Route(undefined, undefined);

/** The routes that Fastify chooses. Each is looked at once. */
export class Routes {
  readonly #known = new WeakMap<object, Route>();

  /**
   * The route that Fastify chose. It is read for each request, so a route may be declared at any time. Once only: Fastify
   * makes `routeOptions` anew wherever they are read.
   */
  of(request: FastifyRequest): Route {
    const { config, url } = request.routeOptions;
    if (url === undefined) return NO_ROUTE;
    const known = this.#known.get(config);
    if (known !== undefined) return known;
    const route = new Route(url, this.guardOf(config));
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
