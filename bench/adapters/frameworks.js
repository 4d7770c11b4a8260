// Each framework with the smallest application, and what comes in front of it: nothing, the cheapest thing that could
// work, or ours. A framework is loaded by the process that uses it.
import { createServer } from 'node:http';

/** Goes on at once with a principal that is known, and later with one that has to be asked for. */
function whenFound(found, goOn) {
  return found instanceof Promise ? found.then(goOn) : goOn(found);
}

/** The packages of this checkout. */
const ourselves = (specifier) => import(specifier);

export function httpServer(listener = (_, response) => response.end('ok')) {
  return createServer(listener);
}

export async function fastifyApp(secure = () => {}) {
  const { default: Fastify } = await import('fastify');
  const app = Fastify();
  await secure(app);
  app.get('/orders', (_, reply) => reply.send('ok'));
  await app.ready();
  return app.server;
}

export async function koaApp(...middleware) {
  const { default: Koa } = await import('koa');
  const app = new Koa();
  for (const each of middleware) app.use(each);
  app.use((context) => {
    context.body = 'ok';
  });
  return createServer(app.callback());
}

export async function expressApp(...middleware) {
  const { default: express } = await import('express');
  const app = express();
  app.get('/orders', ...middleware, (_, response) => response.end('ok'));
  return createServer(app);
}

export async function honoApp(...middleware) {
  const { Hono } = await import('hono');
  const { createAdaptorServer } = await import('@hono/node-server');
  const app = new Hono();
  for (const each of middleware) app.use(each);
  app.get('/orders', (context) => context.text('ok'));
  return createAdaptorServer({ fetch: app.fetch });
}

/**
 * Per framework: the bare server, one that only attaches what `find` returns for an Authorization header (a principal or
 * a promise of one), and one behind a chain, whose packages `load` finds.
 */
export const FRAMEWORKS = {
  'node:http': {
    bare: () => httpServer(),
    limit: (find) =>
      httpServer((request, response) =>
        whenFound(find(request.headers.authorization), (principal) => {
          request.user = principal;
          response.end('ok');
        }),
      ),
    async ours(chain, load = ourselves) {
      const { httpSecurity } = await load('@sallyport/adapters/http');
      return httpServer(httpSecurity(chain)((_, response) => response.end('ok')));
    },
  },
  'Fastify 5': {
    bare: () => fastifyApp(),
    limit: (find) =>
      fastifyApp((app) => {
        app.decorateRequest('user', null);
        app.addHook('onRequest', (request, _, done) =>
          whenFound(find(request.raw.headers.authorization), (principal) => {
            request.user = principal;
            done();
          }),
        );
      }),
    async ours(chain, load = ourselves) {
      const { fastifySecurity } = await load('@sallyport/adapters/fastify');
      return fastifyApp((app) => app.register(fastifySecurity(chain).plugin));
    },
  },
  'Koa 3': {
    bare: () => koaApp(),
    limit: (find) =>
      koaApp((context, next) =>
        whenFound(find(context.req.headers.authorization), (principal) => {
          context.state.user = principal;
          return next();
        }),
      ),
    async ours(chain, load = ourselves) {
      const { koaSecurity } = await load('@sallyport/adapters/koa');
      return koaApp(koaSecurity(chain)());
    },
  },
  'Express 5': {
    bare: () => expressApp(),
    limit: (find) =>
      expressApp((request, _, next) =>
        whenFound(find(request.headers.authorization), (principal) => {
          request.user = principal;
          next();
        }),
      ),
    async ours(chain, load = ourselves) {
      const { expressSecurity } = await load('@sallyport/adapters/express');
      return expressApp(expressSecurity(chain)());
    },
  },
  Hono: {
    bare: () => honoApp(),
    limit: (find) =>
      honoApp((context, next) =>
        whenFound(find(context.env.incoming.headers.authorization), (principal) => {
          context.set('user', principal);
          return next();
        }),
      ),
    async ours(chain, load = ourselves) {
      const { fetchSecurity } = await load('@sallyport/adapters/fetch');
      return honoApp(fetchSecurity(chain).middleware());
    },
  },
};
