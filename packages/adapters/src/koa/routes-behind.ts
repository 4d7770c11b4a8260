import type { Context, Middleware } from 'koa';
import { isSecure } from '../node/rechecks.js';
import type { Watch } from './watch.js';

/** What @koa/router knows of a route or of its middleware. */
interface Layer {
  readonly stack: Middleware[];
}

const ROUTE: unique symbol = Symbol('sallyport route');

interface RoutedContext extends Context {
  readonly matched?: readonly Layer[];
  [ROUTE]?: unknown;
}

/** The stacks whose handlers are checked. Routers inside each other share them. */
const checked = new WeakSet<object>();

/**
 * Checks rewritten requests in front of each handler of a router, where a decision can be waited for. A router sets
 * `_matchedRoute` when it has chosen a route, before any of its handlers runs.
 */
export function watchRoutes(contexts: object, watchOf: (context: Context) => Watch | undefined): void {
  Object.defineProperty(contexts, '_matchedRoute', {
    configurable: true,
    get(this: RoutedContext) {
      return this[ROUTE];
    },
    set(this: RoutedContext, route: unknown) {
      this[ROUTE] = route;
      for (const { stack } of this.matched ?? []) check(stack, watchOf);
    },
  });
}

/** A `secure()` is left as it is: it decides by itself. */
function check(stack: Middleware[], watchOf: (context: Context) => Watch | undefined): void {
  if (checked.has(stack)) return;
  checked.add(stack);
  stack.forEach((handler, index) => {
    if (!isSecure(handler)) stack[index] = checkedHandler(handler, watchOf);
  });
}

/** Looks like the handler to the router, which keeps properties on handlers, and to who reads the name of one. */
function checkedHandler(handler: Middleware, watchOf: (context: Context) => Watch | undefined): Middleware {
  const checking: Middleware = (context, next) => {
    const watch = watchOf(context);
    return watch === undefined || watch.isRouteAsGranted
      ? handler(context, next)
      : watch.enterRoute(() => handler(context, next));
  };
  return Object.defineProperty(Object.assign(checking, handler), 'name', { value: handler.name, configurable: true });
}
