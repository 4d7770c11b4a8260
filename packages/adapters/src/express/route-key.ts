import type { RouteKey } from '@sallyport/core/extend';
import type { NextFunction, Request } from 'express';
import type { NodeRequestSource } from '../node/node-request-source.js';
import { isRouteGuard, pathReading, RouteTemplates } from '../node/route-template.js';
import { look } from './look.js';

/** What Express 4 and 5 tell of a route. */
interface Route {
  readonly path: unknown;
  readonly stack: readonly { readonly handle: unknown }[];
}

/** The keys of routes that a middleware stands in; none for an application's or a router's own middleware. */
export class RouteKeys {
  readonly #middleware: object;
  readonly #templates: RouteTemplates<Route>;

  constructor(middleware: object) {
    this.#middleware = middleware;
    this.#templates = new RouteTemplates(
      (route) => isRouteGuard(middleware) || route.stack.some(({ handle }) => handle === middleware),
    );
  }

  /**
   * Express leaves the last route on a request, also when a handler has skipped the rest of it. A router passes its own
   * `next`, a route another one; but a wrapper does, too, so that the path of the request is to be asked as well.
   */
  of(request: Request, source: NodeRequestSource, mount: string, next: NextFunction): RouteKey | undefined {
    const route: Route | undefined = look(request, 'route');
    if (route === undefined || next === look(request, 'next')) return undefined;
    const template = this.#templates.of(request, route, route.path);
    if (template === undefined) return undefined;
    const { method, target } = source;
    // A router's root has no slash of its own: it is spelt as it was requested.
    const isRoot = mount !== '' && template === '/' && target.split('?', 1)[0] === mount;
    const key = { method, template: isRoot ? '' : template, mount: mount === '' ? undefined : mount };
    if (this.#canBeSkipped(route, template)) source.byPath = pathReading(source, mount + key.template);
    return key;
  }

  /** By a handler in front of the middleware, or by what the application does with a parameter. */
  #canBeSkipped({ stack }: Route, template: string): boolean {
    const isFirst = stack[0]?.handle === this.#middleware || isRouteGuard(this.#middleware);
    return !isFirst || template.includes('{');
  }
}
