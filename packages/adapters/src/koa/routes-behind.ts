import type { Context, Middleware, Next } from 'koa';

/** What @koa/router knows of a route. A layer without methods is middleware of a router. */
interface Layer {
  readonly methods: readonly string[];
  readonly stack: Middleware[];
}

const RECHECKS: unique symbol = Symbol('sallyport rechecks');
const ROUTE: unique symbol = Symbol('sallyport route');

interface WatchedContext {
  readonly matched?: readonly Layer[];
  [RECHECKS]?: readonly Middleware[] | undefined;
  [ROUTE]?: unknown;
}

/** The routes that have a check in front of their handlers or ask a chain themselves, and every `secure()`. */
const settled = new WeakSet<object>();
const secured = new WeakSet<object>();

/**
 * Checks a granted request once more when @koa/router has chosen a route for it. Middleware between `secure()` and the
 * router may change the method or the path, and Koa does not ask `secure()` again.
 */
export class RoutesBehind {
  readonly #rechecks: readonly Middleware[];

  /** `middleware` is the `secure()` that `recheck` belongs to. A route that contains it decides by itself. */
  constructor(middleware: object, recheck: Middleware) {
    this.#rechecks = [recheck];
    secured.add(middleware);
  }

  /** Watches one request from now on. */
  watch(context: Context): void {
    const watched = context as unknown as WatchedContext;
    const known = watched[RECHECKS];
    if (known === this.#rechecks) return;
    const [recheck] = this.#rechecks as [Middleware];
    if (known === undefined) {
      watchContextsLike(context);
      watched[RECHECKS] = this.#rechecks;
    } else if (!known.includes(recheck)) {
      watched[RECHECKS] = [...known, recheck];
    }
  }
}

/**
 * A router sets `_matchedRoute` when it has chosen a route, before any of its handlers runs. The setter stands on the
 * prototype of the contexts of the application: on each context it would cost every request.
 */
function watchContextsLike({ app }: Context): void {
  const contexts: object = app.context;
  if (RECHECKS in contexts) return;
  Object.defineProperties(contexts, {
    [RECHECKS]: { value: undefined, writable: true },
    _matchedRoute: {
      configurable: true,
      get(this: WatchedContext) {
        return this[ROUTE];
      },
      set(this: WatchedContext, route: unknown) {
        this[ROUTE] = route;
        if (this[RECHECKS] !== undefined) for (const layer of this.matched ?? []) settle(layer);
      },
    },
  });
}

function settle(layer: Layer): void {
  if (settled.has(layer)) return;
  settled.add(layer);
  const { methods, stack } = layer;
  if (methods.length > 0 && !stack.some((handler) => secured.has(handler))) stack.unshift(recheckAll);
}

const recheckAll: Middleware = (context, next) => recheckFrom(0, context as Context, next);

function recheckFrom(index: number, context: Context, next: Next): unknown {
  const recheck = (context as unknown as WatchedContext)[RECHECKS]?.[index];
  return recheck === undefined ? next() : recheck(context, async () => recheckFrom(index + 1, context, next));
}
