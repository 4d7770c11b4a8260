import type { RouteKey } from '@sallyport/core';
import type { Request } from 'express';
import { RouteTemplates } from '../shared/route-template.js';

/** What Express 4 and 5 tell of a route. */
interface Route {
  readonly path: unknown;
  readonly stack: readonly { readonly handle: unknown }[];
}

/** The keys of routes that a middleware stands in; none for an application's or a router's own middleware. */
export class RouteKeys {
  readonly #templates: RouteTemplates<Route>;

  constructor(middleware: object) {
    this.#templates = new RouteTemplates((route) => route.stack.some(({ handle }) => handle === middleware));
  }

  of(request: Request, target: string): RouteKey | undefined {
    const route = request.route as Route | undefined;
    if (route === undefined) return undefined;
    const template = this.#templates.of(request, route, route.path);
    if (template === undefined) return undefined;
    const { baseUrl, method } = request;
    if (baseUrl === '') return { method, template };
    // A router's root has no slash of its own: it is spelt as it was requested.
    const isRoot = template === '/' && target.split('?', 1)[0] === baseUrl;
    return { method, template: isRoot ? '' : template, mount: baseUrl };
  }
}
