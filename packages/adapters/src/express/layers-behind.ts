import type { NextFunction, Request, Response } from 'express';
import type { Grant, Passage } from '../gate/grant.js';
import { isSecure, Rechecks } from '../node/rechecks.js';
import { type Layer, layersOf, type Route, type RunLayer } from './application.js';
import { type Carrier, keepRoutes, passageOfRequest } from './carrier.js';
import { look } from './look.js';

/** How one `secure()` looks again at a request that it has granted. */
export interface Recheck {
  readonly middleware: object;
  /** Whether what runs in a layer was granted. This is asked in front of each layer, and allocates nothing. */
  isGranted(request: Request, layer: Layer, last: Grant | undefined): boolean;
  /** Decides what runs in a layer, and goes on if it is granted. */
  decide(request: Request, response: Response, next: NextFunction, layer: Layer): void;
}

/** The prototype of the layers of one copy of Express: 4 and 5 name the same method differently. */
type LayerClass = Record<'handle_request' | 'handleRequest', RunLayer>;

/** Applications, the prototypes of their requests, and classes of layers. */
const watched = new WeakSet<object>();
/** The class that was watched last: nearly always the only one. */
let newest: LayerClass | undefined;

/**
 * Checks a granted request once more in front of everything that Express runs for it. Middleware behind `secure()` may
 * change the method or the URL, and Express does not ask `secure()` again. Without this check an operation that was never
 * decided would run.
 */
export class LayersBehind {
  readonly #rechecks: Rechecks<Recheck>;

  constructor(recheck: Recheck) {
    this.#rechecks = new Rechecks(recheck.middleware, recheck);
  }

  /** Watches one request from now on. */
  watch(request: Request, carrier: Carrier): void {
    this.#rechecks.addTo(carrier);
    // The prototype tells the application without a look at the request.
    if (watched.has(Object.getPrototypeOf(request))) return;
    const app: Request['app'] | undefined = look(request, 'app');
    if (app === undefined || watched.has(app)) return;
    watched.add(app);
    watchLayersLike(layersOf(request));
    const { request: requests } = app as unknown as { readonly request: object };
    // An application or router of another copy of Express has layers of another class, which its routes tell.
    keepRoutes(requests, ({ stack }) => watchLayersLike(stack));
    watched.add(requests);
  }
}

/**
 * The method stands on the prototype of the layers: routers that are mounted and layers that are added later have it,
 * too. The request is looked at last: each look at one is dear (docs/performance.md, "Express").
 */
function watchLayersLike([first]: readonly Layer[]): void {
  const layers: LayerClass | undefined = first && Object.getPrototypeOf(first);
  if (layers === undefined || layers === newest) return;
  newest = layers;
  if (watched.has(layers)) return;
  watched.add(layers);
  const name = 'handleRequest' in layers ? 'handleRequest' : 'handle_request';
  const run = layers[name];
  layers[name] = function (request, response, next) {
    const passage = decidesByItself(this) ? undefined : passageOfRequest(request);
    const rechecks = passage?.rechecks as readonly Recheck[] | undefined;
    if (rechecks === undefined || areGranted(rechecks, passage, request, this)) run.call(this, request, response, next);
    else recheckFrom(0, rechecks, run, this, request, response, next);
  };
}

function areGranted(
  rechecks: readonly Recheck[],
  passage: Passage | undefined,
  request: Request,
  layer: Layer,
): boolean {
  for (const recheck of rechecks) if (!recheck.isGranted(request, layer, passage?.grant)) return false;
  return true;
}

function recheckFrom(
  index: number,
  rechecks: readonly Recheck[],
  run: RunLayer,
  layer: Layer,
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  const recheck = rechecks[index];
  if (recheck === undefined) {
    run.call(layer, request, response, next);
    return;
  }
  const goOn = (error?: unknown): void => {
    if (error === undefined) recheckFrom(index + 1, rechecks, run, layer, request, response, next);
    else next(error);
  };
  if (isExempt(layer, recheck, request)) goOn();
  else recheck.decide(request, response, goOn, layer);
}

/**
 * Handlers of errors are not asked, because Express does not run them here. A `secure()` decides by itself. A route runs
 * only layers of its own, which are asked.
 */
function decidesByItself({ handle, route }: Layer): boolean {
  return route !== undefined || handle.length > 3 || isSecure(handle);
}

/** In a route with a `secure()`, only what stands behind it is its concern, and nothing is that of another. */
function isExempt(layer: Layer, { middleware }: Recheck, request: Request): boolean {
  const { stack } = (request.route as Route | undefined) ?? { stack: [] };
  const position = stack.indexOf(layer);
  if (position === -1 || !stack.some(({ handle }) => isSecure(handle))) return false;
  return !stack.slice(0, position).some(({ handle }) => handle === middleware);
}
