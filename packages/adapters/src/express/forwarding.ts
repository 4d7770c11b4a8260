import type { NextFunction, Request } from 'express';
import type { NodeRequestSource } from '../node/node-request-source.js';

/** The used part of an Express application: its router is `_router` in Express 4 and `router` in Express 5. */
interface Application {
  readonly parent?: Application;
  readonly _router?: { readonly stack: readonly Layer[] };
  readonly router?: { readonly stack: readonly Layer[] };
}

/** What `use` or a route has put into a router. */
interface Layer {
  readonly handle: unknown;
  readonly route?: unknown;
  readonly slash?: boolean;
  readonly regexp?: { readonly fast_slash?: boolean };
}

/**
 * Tells requests that were handed to the application again from below one of its mounts, as with
 * `app.use('/v1', (request, response, next) => app.handle(request, response, next))`: `baseUrl` still says `/v1`, but what
 * stands in the application itself is below no mount.
 */
export class Forwarding {
  readonly #middleware: object;
  readonly #known = new WeakMap<object, boolean>();

  constructor(middleware: object) {
    this.#middleware = middleware;
  }

  /** Asked below a mount only. `next` is what the middleware was called with: a router's own, or a route's. */
  concerns(request: Request, next: NextFunction): boolean {
    const place: object | undefined = next === request.next ? request.app : request.route;
    if (place === undefined) return false;
    const known = this.#known.get(place) ?? this.#isInApplication(request.app as unknown as Application, place);
    this.#known.set(place, known);
    return known;
  }

  /** A route is known for sure; other middleware may also stand below the mount, and is judged as if it did, too. */
  doubt(source: NodeRequestSource, request: Request, next: NextFunction, mounted: string): void {
    if (next !== request.next) return;
    source.others = [...(source.others ?? []), { carrier: request, source: source.readAs(source.method, mounted) }];
  }

  #isInApplication(application: Application, place: object): boolean {
    let outermost = application;
    while (outermost.parent !== undefined) outermost = outermost.parent;
    const { stack } = outermost._router ?? outermost.router ?? { stack: [] };
    return stack.some((layer) => layer.route === place || (layer.handle === this.#middleware && isForAllPaths(layer)));
  }
}

function isForAllPaths({ slash, regexp }: Layer): boolean {
  return slash === true || regexp?.fast_slash === true;
}
