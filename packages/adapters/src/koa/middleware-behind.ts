import type { Context, Middleware, Next } from 'koa';
import { isSecure, Rechecks, rechecksOf } from '../node/rechecks.js';

/** What @koa/router knows of a route. A layer without methods is middleware of a router. */
interface Layer {
  readonly methods: readonly string[];
  readonly stack: Middleware[];
}

/** How one `secure()` looks again at a context that it has granted. */
export interface Recheck {
  /** Whether what runs in the application itself was granted. This is asked in front of each middleware. */
  isGranted(context: Context): boolean;
  /** Decides what runs in the application itself, or in a chosen route, and goes on if it is granted. */
  decide(context: Context, next: Next, isInRoute: boolean): unknown;
}

const ROUTE: unique symbol = Symbol('sallyport route');
const TAKEN_OVER: unique symbol = Symbol('sallyport has taken over');

interface WatchedContext extends Context {
  /** Left by koa-mount: the application that it mounted is running, or has passed the request on. */
  readonly mountPath?: string;
  readonly matched?: readonly Layer[];
  [ROUTE]?: unknown;
  [TAKEN_OVER]?: true;
}

/** The applications whose contexts are watched, and the routes that have a check or ask a chain themselves. */
const watched = new WeakSet<object>();
const settled = new WeakSet<object>();

/**
 * Checks a granted request once more in front of the middleware that stands behind `secure()` in the application, and of
 * the routes of @koa/router. What runs in between may change the method or the path, and Koa does not ask `secure()`
 * again.
 */
export class MiddlewareBehind {
  readonly #middleware: Middleware;
  readonly #rechecks: Rechecks<Recheck>;

  constructor(middleware: Middleware, recheck: Recheck) {
    this.#middleware = middleware;
    this.#rechecks = new Rechecks(middleware, recheck);
  }

  /**
   * Goes on with a granted request. koa-compose keeps a copy of the middleware of an application, so that nothing can be
   * put in between. The first `secure()` of an application therefore runs what stands behind it there, as koa-compose
   * would. Elsewhere `next` is all that is known of what stands behind.
   */
  run(context: WatchedContext, next: Next): unknown {
    this.#rechecks.addTo(context);
    watchRoutes(context.app.context);
    const position = context[TAKEN_OVER] ? -1 : this.#positionIn(context);
    if (position === -1) return next();
    context[TAKEN_OVER] = true;
    return runFrom(position + 1, context.app.middleware, context);
  }

  /**
   * Where this `secure()` stands in the application. -1 if it may be running in a part that is mounted there, or if the
   * application runs its middleware in a way of its own.
   */
  #positionIn({ app, mountPath, matched }: WatchedContext): number {
    // Koa 3 takes another function than that of koa-compose as an option; Koa 2 takes none.
    const { compose }: { compose?: { readonly name: string } } = app as object;
    if (compose !== undefined && compose.name !== 'compose') return -1;
    const isMounted = mountPath !== undefined || matched?.some(({ stack }) => stack.includes(this.#middleware));
    return isMounted ? -1 : app.middleware.indexOf(this.#middleware);
  }
}

function runFrom(index: number, all: readonly Middleware[], context: Context): Promise<unknown> {
  const middleware = all[index];
  if (middleware === undefined) return Promise.resolve();
  let isLeft = false;
  const next = (): Promise<unknown> => {
    if (isLeft) return Promise.reject(new Error('next() called multiple times'));
    isLeft = true;
    return runFrom(index + 1, all, context);
  };
  try {
    if (isSecure(middleware) || areGranted(context)) return Promise.resolve(middleware(context, next));
    return Promise.resolve(recheckFrom(0, context, async () => middleware(context, next), false));
  } catch (error) {
    return Promise.reject(error);
  }
}

function areGranted(context: Context): boolean {
  for (const recheck of rechecksOf<Recheck>(context) ?? []) if (!recheck.isGranted(context)) return false;
  return true;
}

/**
 * A router sets `_matchedRoute` when it has chosen a route, before any of its handlers runs. The setter stands on the
 * prototype of the contexts of the application: on each context it would cost every request.
 */
function watchRoutes(contexts: object): void {
  if (watched.has(contexts)) return;
  watched.add(contexts);
  Object.defineProperty(contexts, '_matchedRoute', {
    configurable: true,
    get(this: WatchedContext) {
      return this[ROUTE];
    },
    set(this: WatchedContext, route: unknown) {
      this[ROUTE] = route;
      if (rechecksOf(this) !== undefined) for (const layer of this.matched ?? []) settle(layer);
    },
  });
}

function settle(layer: Layer): void {
  if (settled.has(layer)) return;
  settled.add(layer);
  const { methods, stack } = layer;
  if (methods.length > 0 && !stack.some(isSecure)) stack.unshift(recheckAll);
}

const recheckAll: Middleware = (context, next) => recheckFrom(0, context as Context, next, true);

function recheckFrom(index: number, context: Context, next: Next, isInRoute: boolean): unknown {
  const recheck = rechecksOf<Recheck>(context)?.[index];
  if (recheck === undefined) return next();
  return recheck.decide(context, async () => recheckFrom(index + 1, context, next, isInRoute), isInRoute);
}
