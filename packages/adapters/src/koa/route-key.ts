import type { RouteKey } from '@sallyport/core/extend';
import type Application from 'koa';
import type { Context, Middleware } from 'koa';
import type { NodeRequestSource } from '../node/node-request-source.js';
import { pathReading, RouteTemplates } from '../node/route-template.js';

/** What @koa/router knows of a route. A layer without methods is middleware of a router. */
interface Layer {
  readonly path: unknown;
  readonly methods: readonly string[];
  readonly stack: readonly unknown[];
}

/**
 * The keys of the routes that contain a middleware. Middleware of an application or a router stands in no route, so it
 * has no key.
 */
export class RouteKeys {
  readonly #middleware: object;
  readonly #templates: RouteTemplates<Layer>;
  readonly #applications = new WeakMap<Application, boolean>();

  constructor(middleware: object) {
    this.#middleware = middleware;
    this.#templates = new RouteTemplates((layer) => this.#isIn(layer));
  }

  /**
   * True when the middleware stands in an application itself or in one of its routers, and so below no mount. The
   * context does not tell: it keeps its application inside the applications of koa-mount, and its `mountPath` after
   * them.
   */
  areOf(application: Application): boolean {
    const known = this.#applications.get(application) ?? application.middleware.some((each) => this.#isPartOf(each));
    this.#applications.set(application, known);
    return known;
  }

  /**
   * `mount` is the part of the path that was cut off on the way to the router. A route with a parameter may pass the
   * request on to another route that matches its path. The path is therefore judged too.
   */
  of(context: Context, source: NodeRequestSource, mount: string): RouteKey | undefined {
    const { matched, _matchedRoute: path } = context as { matched?: readonly Layer[]; _matchedRoute?: unknown };
    // Several routes may match: this is the one whose middleware is running.
    const layer = path === undefined ? undefined : matched?.find((each) => each.path === path && this.#isIn(each));
    const template = layer && this.#templates.of(context, layer, path);
    if (template === undefined) return undefined;
    if (template.includes('{')) source.byPath = pathReading(source, mount + template);
    return { method: source.method, template, mount: mount === '' ? undefined : mount };
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
