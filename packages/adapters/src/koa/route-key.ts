import type { RouteKey } from '@sallyport/core';
import type { Context } from 'koa';
import { RouteTemplates } from '../shared/route-template.js';

/** What @koa/router tells of a route. A layer without methods is middleware of a router. */
interface Layer {
  readonly path: unknown;
  readonly methods: readonly string[];
  readonly stack: readonly unknown[];
}

/** The keys of routes that a middleware stands in; none for an application's or a router's own middleware. */
export class RouteKeys {
  readonly #middleware: object;
  readonly #templates: RouteTemplates<Layer>;

  constructor(middleware: object) {
    this.#middleware = middleware;
    this.#templates = new RouteTemplates((layer) => this.#isIn(layer));
  }

  /** `mount` is what was cut off the path on the way to the router. */
  of(context: Context, mount: string): RouteKey | undefined {
    const { matched, _matchedRoute: path } = context as { matched?: readonly Layer[]; _matchedRoute?: unknown };
    // Of all routes that match, the one whose middleware is running.
    const layer = path === undefined ? undefined : matched?.find((each) => each.path === path && this.#isIn(each));
    const template = layer && this.#templates.of(context, layer, path);
    return template === undefined
      ? undefined
      : { method: context.method, template, mount: mount === '' ? undefined : mount };
  }

  #isIn({ methods, stack }: Layer): boolean {
    return methods.length > 0 && stack.includes(this.#middleware);
  }
}
