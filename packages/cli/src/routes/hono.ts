import { ALL, type LiveApplication } from './live-route.js';
import { patternsOf } from './path-syntax.js';
import { methodsOf, routesAt } from './route-lines.js';

export interface HonoApplication {
  /** With the base path, and with the routes of mounted applications. */
  readonly routes: readonly HonoRoute[];
  readonly fetch: unknown;
  getPath(request: Request): string;
}

interface HonoRoute {
  readonly path: string;
  readonly method: string;
  readonly handler: Handler;
}

/** Where an application has an error handler of its own, Hono wraps its handlers and keeps the original here. */
type Handler = ((...given: never[]) => unknown) & { readonly __COMPOSED_HANDLER?: Handler };

export function isHono(value: unknown): value is HonoApplication {
  return typeof value === 'object' && value !== null && 'fetch' in value && 'routes' in value && 'getPath' in value;
}

export function honoRoutes(application: HonoApplication): LiveApplication {
  const isLax = application.getPath(new Request('http://localhost/a/')) === '/a';
  const spelling = { ignoresCase: false, ignoresSlash: isLax };
  const routes = application.routes
    .filter((route) => !isMiddleware(route))
    .flatMap(({ method, path }) => routesAt(methodsOf([method]), patternsOf(path, 'hono'), { path, spelling }));
  return { framework: 'Hono', routes };
}

/** `use` adds a route of every method, like `all`. Only a middleware asks for `next`: Hono itself tells them apart so. */
function isMiddleware({ method, handler }: HonoRoute): boolean {
  let innermost = handler;
  while (innermost.__COMPOSED_HANDLER !== undefined) innermost = innermost.__COMPOSED_HANDLER;
  return method === ALL && innermost.length > 1;
}
