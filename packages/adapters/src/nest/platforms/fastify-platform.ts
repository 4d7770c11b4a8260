import type { Decider } from '@sallyport/core';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { askAboutErrors } from './framework-errors.js';
import type { Platform, PlatformOptions } from './platform.js';

export async function fastifyPlatform(
  instance: FastifyInstance,
  chain: Decider,
  options: PlatformOptions,
): Promise<Platform> {
  // By its name, and only where Nest runs on it: the build of that door stays one file.
  const { fastifySecurity } = await import('@sallyport/adapters/fastify');
  const secure = fastifySecurity(chain, options);
  askAboutErrors(instance, secure.frameworkErrors);
  if (!instance.hasRequestDecorator('user')) instance.decorateRequest('user', null);
  return {
    secure(demands) {
      const ask = secure(...demands);
      return (request, reply, next) => ask.call(instance, request as never, reply as never, next);
    },
    standBehind() {
      const ask = secure();
      const unlessRouted: onRequestHookHandler = function (request, reply, done) {
        if (request.is404) ask.call(this, request, reply, done);
        else done();
      };
      instance.addHook('onRequest', unlessRouted);
      // Nest's own adapter gives some requests back that a route had taken: then only the later hook runs.
      instance.addHook('preHandler', unlessRouted);
      instance.addHook('onRoute', (route) => {
        route.onRequest = [ask, ...[route.onRequest ?? []].flat()];
      });
    },
  };
}
