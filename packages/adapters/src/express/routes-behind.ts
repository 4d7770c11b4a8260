import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** Decides anew if a granted request has been rewritten since. Otherwise goes on at once. */
export type Recheck = (request: Request, response: Response, next: NextFunction) => void;

/** A route in Express 4 and 5: its handlers, each in a layer. */
interface Route {
  readonly stack: Layer[];
}

interface Layer {
  readonly handle: unknown;
}

type LayerClass = new (path: string, options: object, handle: RequestHandler) => Layer;

const RECHECKS: unique symbol = Symbol('sallyport rechecks');
const ROUTE: unique symbol = Symbol('sallyport route');

interface WatchedRequest {
  [RECHECKS]?: readonly Recheck[];
  [ROUTE]?: Route | undefined;
}

/** The routes that have a check in front of their handlers or ask a chain themselves, and every `secure()`. */
const settled = new WeakSet<object>();
const secured = new WeakSet<object>();

/**
 * Checks a granted request once more when a route was chosen for it. Middleware behind `secure()` may change the method
 * or the URL, and Express does not ask `secure()` again. Without this check the handlers of an operation that was never
 * decided would run.
 */
export class RoutesBehind {
  readonly #rechecks: readonly Recheck[];

  /** `middleware` is the `secure()` that `recheck` belongs to. A route that contains it decides by itself. */
  constructor(middleware: object, recheck: Recheck) {
    this.#rechecks = [recheck];
    secured.add(middleware);
  }

  /** Watches one request from now on. */
  watch(request: Request): void {
    const watched = request as WatchedRequest;
    const known = watched[RECHECKS];
    if (known === this.#rechecks) return;
    const [recheck] = this.#rechecks as [Recheck];
    if (known === undefined) {
      watchRequestsLike(request);
      watched[RECHECKS] = this.#rechecks;
    } else if (!known.includes(recheck)) {
      watched[RECHECKS] = [...known, recheck];
    }
  }
}

/**
 * A router sets `route` when it has chosen one, before any of its handlers runs. The setter stands on the prototype of
 * the requests of the application: on each request it would cost every one of them.
 */
function watchRequestsLike(request: Request): void {
  const { request: requests } = (request.app ?? {}) as { readonly request?: object };
  if (requests === undefined || RECHECKS in requests) return;
  Object.defineProperties(requests, {
    [RECHECKS]: { value: undefined, writable: true },
    route: {
      configurable: true,
      get(this: WatchedRequest) {
        return this[ROUTE];
      },
      set(this: WatchedRequest, route: Route | undefined) {
        this[ROUTE] = route;
        if (route !== undefined && this[RECHECKS] !== undefined && !settled.has(route)) settle(route);
      },
    },
  });
}

/** Puts a check in front of the handlers of a route. A layer without a method runs for every method. */
function settle(route: Route): void {
  settled.add(route);
  const { stack } = route;
  const [first] = stack;
  if (first === undefined || stack.some(({ handle }) => secured.has(handle as object))) return;
  stack.unshift(new (first.constructor as LayerClass)('/', {}, recheckAll));
}

const recheckAll: RequestHandler = (request, response, next) => {
  const rechecks = (request as WatchedRequest)[RECHECKS] ?? [];
  const [only] = rechecks;
  if (only !== undefined && rechecks.length === 1) only(request, response, next);
  else recheckFrom(0, rechecks, request, response, next);
};

function recheckFrom(
  index: number,
  rechecks: readonly Recheck[],
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  const recheck = rechecks[index];
  if (recheck === undefined) {
    next();
    return;
  }
  recheck(request, response, (error?: unknown) => {
    if (error === undefined) recheckFrom(index + 1, rechecks, request, response, next);
    else next(error);
  });
}
