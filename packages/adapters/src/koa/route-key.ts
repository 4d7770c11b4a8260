import type { RouteKey } from '@sallyport/core/extend';
import type Application from 'koa';
import type { Context, Middleware } from 'koa';
import type { NodeRequestSource } from '../node/node-request-source.js';
import { pathReading, RouteTemplates } from '../node/route-template.js';

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
  readonly #applications = new WeakMap<Application, boolean>();

  constructor(middleware: object) {
    this.#middleware = middleware;
    this.#templates = new RouteTemplates((layer) => this.#isIn(layer));
  }

  /**
   * Whether the middleware stands in an application itself or in one of its routers, and so below no mount: a context
   * keeps its application also below those of koa-mount, and its mount also behind them.
   */
  areOf(application: Application): boolean {
    const known = this.#applications.get(application) ?? application.middleware.some((each) => this.#isPartOf(each));
    this.#applications.set(application, known);
    return known;
  }

  /**
   * `mount` is what was cut off the path on the way to the router. A route with a parameter may pass the request on to one
   * of a path that it matches as well, so that the path is to be asked, too.
   */
  of(context: Context, source: NodeRequestSource, mount: string): RouteKey | undefined {
    const { matched, _matchedRoute: path } = context as { matched?: readonly Layer[]; _matchedRoute?: unknown };
    // Of all routes that match, the one whose middleware is running.
    const layer = path === undefined ? undefined : matched?.find((each) => each.path === path && this.#isIn(each));
    const template = layer && this.#templates.of(context, layer, path);
    if (template === undefined) return undefined;
    if (template.includes('{')) source.byPath = pathReading(source, mount + template);
    return { method: context.method, template, mount: mount === '' ? undefined : mount };
  }

  #isPartOf(middleware: Middleware & { readonly router?: { readonly stack: readonly Layer[] } }): boolean {
    return middleware === this.#middleware || (middleware.router?.stack.some((layer) => this.#holds(layer)) ?? false);
  }

  #holds({ stack }: Layer): boolean {
    return stack.includes(this.#middleware);
  }

  #isIn(layer: Layer): boolean {
    return layer.methods.length > 0 && this.#holds(layer);
  }
}
