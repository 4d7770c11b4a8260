import type { LiveApplication, LiveRoute, PathPattern, Spelling } from './live-route.js';
import { ALL } from './live-route.js';
import { type Mount, mountOf } from './mounts.js';
import { mounted, patternsOf, toldPath } from './path-syntax.js';
import { methodsOf, routesAt } from './route-lines.js';

/** What Express 4 and 5 have put into a router. */
interface Layer {
  readonly handle?: unknown;
  readonly route?: Route;
  /** Since router 2.3. */
  readonly rawPath?: unknown;
  readonly slash?: boolean;
  readonly regexp?: { readonly fast_slash?: boolean };
}

interface Route {
  readonly path: unknown;
  readonly methods: Readonly<Record<string, boolean>>;
}

/** `caseSensitive` and `strict` are the options that a router was made with. */
interface Router {
  readonly stack: readonly Layer[];
  readonly caseSensitive?: boolean;
  readonly strict?: boolean;
}

interface Application {
  readonly _router?: Router;
  readonly router?: Router;
}

const ROOT: readonly PathPattern[] = [{ template: '', isOpen: false }];
const UNKNOWN: readonly PathPattern[] = [{ template: '', isOpen: true }];

/** Whether it is an application or a router of Express 4 or 5, or of the package `router`. */
export function isExpress(value: unknown): value is Application | Router {
  return routerOf(value) !== undefined || isFreshApplication(value);
}

/** The routes of an application or router, and of all that is mounted in it. */
export function expressRoutes(value: unknown): LiveApplication {
  const router = routerOf(value);
  return { framework: 'Express', routes: router === undefined ? [] : routesOf(router, ROOT) };
}

/** An application of Express 4 has no router before the first `use`, and throws when asked for `router`. */
function routerOf(value: unknown): Router | undefined {
  if (typeof value !== 'function') return undefined;
  if (isRouter(value)) return value;
  const application = value as Application;
  if (!('handle' in value && 'set' in value)) return undefined;
  const router = 'lazyrouter' in value ? application._router : application.router;
  return isRouter(router) ? router : undefined;
}

function isRouter(value: unknown): value is Router {
  return typeof value === 'function' && 'stack' in value && Array.isArray(value.stack) && 'use' in value;
}

function isFreshApplication(value: unknown): boolean {
  return typeof value === 'function' && 'lazyrouter' in value && 'handle' in value;
}

function routesOf(router: Router, mounts: readonly PathPattern[]): readonly LiveRoute[] {
  const spelling = { ignoresCase: router.caseSensitive !== true, ignoresSlash: router.strict !== true };
  return router.stack.flatMap((layer) =>
    layer.route === undefined ? mountedRoutes(layer, mounts) : ownRoutes(layer.route, mounts, spelling),
  );
}

function ownRoutes({ path, methods }: Route, mounts: readonly PathPattern[], spelling: Spelling): readonly LiveRoute[] {
  const served = methodsOf(Object.keys(methods).filter((method) => methods[method] === true));
  const patterns = mounted(mounts, patternsOf(path, 'path-to-regexp'));
  return routesAt(served, patterns, { path: toldPath(mounts, path), spelling });
}

/** A middleware that is no router has no routes. */
function mountedRoutes(layer: Layer, mounts: readonly PathPattern[]): readonly LiveRoute[] {
  const { path, target } = mountOf(layer) ?? asItStands(layer);
  const router = routerOf(target);
  const at = path === undefined ? UNKNOWN : patternsOf(path, 'path-to-regexp');
  if (router !== undefined && path !== undefined) return routesOf(router, mounted(mounts, at));
  const isHidden = router !== undefined || (target as { readonly name?: string }).name === 'mounted_app';
  if (!isHidden || router?.stack.length === 0) return [];
  const open = mounted(mounts, at).map(({ template }) => ({ template, isOpen: true }));
  return routesAt([ALL], open, { path: String(path ?? '(a mounted router)'), isUnread: true });
}

/** The path of a layer that was made by a copy of Express which nobody watched. */
function asItStands({ handle, rawPath, slash, regexp }: Layer): Mount {
  const isRoot = slash === true || regexp?.fast_slash === true;
  return { path: rawPath ?? (isRoot ? '/' : undefined), target: handle };
}
