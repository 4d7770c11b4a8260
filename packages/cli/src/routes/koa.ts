import { type LiveApplication, type LiveRoute, type PathPattern } from './live-route.js';
import { mountOf } from './mounts.js';
import { mounted, patternsOf, toldPath } from './path-syntax.js';
import { methodsOf, routesAt } from './route-lines.js';

export interface KoaApplication {
  readonly middleware: readonly unknown[];
  readonly callback: unknown;
}

/** A router for Koa: `@koa/router`, `koa-router`. Its routes have the paths of the routers around it already. */
interface Router {
  readonly stack: readonly Layer[];
}

/** A layer without methods is middleware of a router. */
interface Layer {
  readonly path: unknown;
  readonly methods: readonly string[];
  readonly opts?: { readonly sensitive?: boolean; readonly strict?: boolean };
}

const ROOT: readonly PathPattern[] = [{ template: '', isOpen: false }];

export function isKoa(value: unknown): value is KoaApplication {
  return typeof value === 'object' && value !== null && 'callback' in value && middlewareOf(value) !== undefined;
}

/** The routes of all routers in an application, also of those in what koa-mount and koa-compose wrap. */
export function koaRoutes(application: KoaApplication): LiveApplication {
  return { framework: 'Koa', routes: routesIn(application.middleware, ROOT) };
}

/** @param target an application, a list of middleware, or one */
function routesIn(target: unknown, mounts: readonly PathPattern[]): readonly LiveRoute[] {
  if (Array.isArray(target)) return target.flatMap((each) => routesIn(each, mounts));
  const middleware = middlewareOf(target);
  if (middleware !== undefined) return routesIn(middleware, mounts);
  if (typeof target !== 'function') return [];
  const router = (target as { readonly router?: unknown }).router;
  if (isRouter(router)) return routerRoutes(router, mounts);
  const mount = mountOf(target);
  if (mount === undefined) return [];
  // A prefix of koa-mount has no parameters: it is compared letter by letter.
  return routesIn(mount.target, mounted(mounts, [{ template: String(mount.path), isOpen: false }]));
}

function middlewareOf(value: unknown): readonly unknown[] | undefined {
  const { middleware } = (typeof value === 'object' && value !== null ? value : {}) as { middleware?: unknown };
  return Array.isArray(middleware) ? middleware : undefined;
}

function isRouter(value: unknown): value is Router {
  return typeof value === 'object' && value !== null && 'stack' in value && Array.isArray(value.stack);
}

function routerRoutes({ stack }: Router, mounts: readonly PathPattern[]): readonly LiveRoute[] {
  return stack
    .filter(({ methods }) => methods.length > 0)
    .flatMap(({ path, methods, opts = {} }) => {
      const spelling = { ignoresCase: opts.sensitive !== true, ignoresSlash: opts.strict !== true };
      const patterns = mounted(mounts, patternsOf(path, 'path-to-regexp'));
      return routesAt(methodsOf(methods), patterns, { path: toldPath(mounts, path), spelling });
    });
}
