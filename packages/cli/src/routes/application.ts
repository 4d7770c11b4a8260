import { expressRoutes, isExpress } from './express.js';
import { fastifyRoutes, isFastify, watchFastify } from './fastify.js';
import { honoRoutes, isHono } from './hono.js';
import { isKoa, koaRoutes } from './koa.js';
import type { LiveApplication } from './live-route.js';
import { watchMounts } from './loading.js';
import { instanceOf, isNest } from './nest.js';

/** Watches from now on what the frameworks keep to themselves. Call it before the application is loaded. */
export function watchFrameworks(): void {
  watchMounts();
  watchFastify();
}

/** What an application serves. Undefined for what is no application of a known framework. */
export async function routesOf(value: unknown): Promise<LiveApplication | undefined> {
  if (isNest(value)) {
    const inner = await routesOf(await instanceOf(value));
    return inner && { ...inner, framework: `Nest on ${inner.framework}` };
  }
  if (isFastify(value)) return fastifyRoutes(value);
  if (isExpress(value)) return expressRoutes(value);
  if (isKoa(value)) return koaRoutes(value);
  if (isHono(value)) return honoRoutes(value);
  return undefined;
}
