import type { NextFunction, Request } from 'express';
import type { NodeRequestSource } from '../node/node-request-source.js';
import { isForAllPaths, type Layer, layersOf } from './application.js';
import type { Carrier } from './carrier.js';
import { look } from './look.js';

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
    const place: object | undefined = next === look(request, 'next') ? look(request, 'app') : look(request, 'route');
    if (place === undefined) return false;
    return (
      this.#known.get(place) ??
      this.#keep(
        place,
        layersOf(request, true).some(
          (layer) => layer.route === place || (layer.handle === this.#middleware && isForAllPaths(layer)),
        ),
      )
    );
  }

  /** Asked below a mount only: whether a layer stands in the application itself, and not at a path there. */
  concernsLayer(request: Request, layer: Layer): boolean {
    const known = this.#known.get(layer);
    if (known !== undefined) return known;
    const own = layersOf(request, true).find((each) => isOrHolds(each, layer));
    return this.#keep(layer, own !== undefined && isForAllPaths(own));
  }

  /** Whether a layer of the application runs for everybody, because it stands in front of this middleware there. */
  isInFront(request: Request, layer: Layer): boolean {
    const layers = layersOf(request);
    const index = layers.findIndex((each) => isOrHolds(each, layer));
    return index !== -1 && index < layers.findIndex(({ handle }) => handle === this.#middleware);
  }

  /** A route is known for sure; other middleware may also stand below the mount, and is judged as if it did, too. */
  doubt(source: NodeRequestSource, carrier: Carrier, request: Request, next: NextFunction, mounted: string): void {
    if (next !== look(request, 'next')) return;
    source.others = [...(source.others ?? []), { carrier, source: source.readAs(source.method, mounted) }];
  }

  #keep(place: object, isConcerned: boolean): boolean {
    this.#known.set(place, isConcerned);
    return isConcerned;
  }
}

function isOrHolds(own: Layer, layer: Layer): boolean {
  return own === layer || (own.route?.stack.includes(layer) ?? false);
}
