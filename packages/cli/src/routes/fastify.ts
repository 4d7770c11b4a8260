import { subscribe } from 'node:diagnostics_channel';
import type { LiveApplication, LiveRoute } from './live-route.js';
import { patternsOf } from './path-syntax.js';
import { methodsOf, routesAt } from './route-lines.js';

export interface FastifyApplication {
  readonly initialConfig: {
    readonly ignoreTrailingSlash?: boolean;
    readonly caseSensitive?: boolean;
    readonly routerOptions?: { readonly ignoreTrailingSlash?: boolean; readonly caseSensitive?: boolean };
  };
  ready(): Promise<unknown>;
}

/** What Fastify tells of a route, with the prefixes of the plugins around it. */
interface Route {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly prefix: string;
  /** Without the prefix. */
  readonly routePath: string;
  readonly prefixTrailingSlash?: string;
}

const declared = new WeakMap<object, Route[]>();

/** Watches from now on what routes each instance of Fastify gets. Call it before the application is loaded. */
export function watchFastify(): void {
  subscribe('fastify.initialization', (message) => {
    const { fastify } = message as {
      readonly fastify: { addHook(name: 'onRoute', hook: (route: Route) => void): unknown };
    };
    const routes: Route[] = [];
    declared.set(fastify, routes);
    // Fastify goes on to change the object that it tells.
    fastify.addHook('onRoute', (route) => routes.push({ ...route }));
  });
}

export function isFastify(value: unknown): value is FastifyApplication {
  return typeof value === 'object' && value !== null && declared.has(value);
}

/** Starts the instance, because its plugins declare their routes then. */
export async function fastifyRoutes(application: FastifyApplication): Promise<LiveApplication> {
  await application.ready();
  return { framework: 'Fastify', routes: (declared.get(application) ?? []).flatMap(routesOf(application)) };
}

function routesOf({ initialConfig }: FastifyApplication): (route: Route) => readonly LiveRoute[] {
  const { ignoreTrailingSlash, caseSensitive } = { ...initialConfig, ...initialConfig.routerOptions };
  const spelling = { ignoresCase: caseSensitive === false, ignoresSlash: ignoreTrailingSlash === true };
  return ({ method, url, prefix, routePath, prefixTrailingSlash }) => {
    // The root of a plugin with a prefix is there with and without a slash at the end, but told once.
    const isTwice = prefix !== '' && routePath === '' && prefixTrailingSlash !== 'no-slash';
    const ignoresSlash = spelling.ignoresSlash || isTwice;
    const patterns = patternsOf(url === '' ? '/' : url, 'find-my-way');
    return routesAt(methodsOf([method].flat()), patterns, { path: url, spelling: { ...spelling, ignoresSlash } });
  };
}
