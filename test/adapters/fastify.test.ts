import { afterEach, describe, expect, test } from '@jest/globals';
import { fastifySecurity, principalOf } from '@sallyport/adapters/fastify';
import { anonymous, ConfigurationError, requireRoles, requireScopes, route, routes } from '@sallyport/core';
import Fastify, { type FastifyInstance } from 'fastify';
import { DemoTokens, demoChain } from './demo-chain.js';

let app: FastifyInstance | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function statusOf(path: string, token?: string, method = 'GET'): Promise<number> {
  if (app === undefined) throw new Error('no server');
  if (app.server.listening === false) await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as { port: number };
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
  await response.text();
  return response.status;
}

describe('the plugin follows the conventions of Fastify', () => {
  test('it secures the context that it is registered in and those below, and no other', async () => {
    app = Fastify();
    app.get('/open', async () => 'open');
    await app.register(async (inner) => {
      await inner.register(fastifySecurity(demoChain()).plugin);
      inner.get('/closed', async () => 'closed');
      await inner.register(async (innermost) => {
        innermost.get('/below', async () => 'below');
      });
    });
    expect([await statusOf('/open'), await statusOf('/closed'), await statusOf('/below')]).toEqual([200, 401, 401]);
    expect(await statusOf('/below', 'now.alice')).toBe(200);
  });

  test('a route that was declared before the plugin was loaded is secured with its guards all the same', async () => {
    app = Fastify();
    app.get('/early', { config: { sallyport: { guards: [requireScopes('orders:read')] } } }, async () => 'early');
    app.register(fastifySecurity(demoChain()).plugin);
    expect(await statusOf('/early')).toBe(401);
    expect(await statusOf('/early', 'now.bob')).toBe(403);
    expect(await statusOf('/early', 'now.alice')).toBe(200);
  });

  test('what nobody has routed is refused before it is 404', async () => {
    app = Fastify();
    await app.register(fastifySecurity(demoChain()).plugin);
    expect([await statusOf('/nowhere'), await statusOf('/nowhere', 'now.alice')]).toEqual([401, 404]);
  });

  test('several chains may live in one application, each with its own requirement', async () => {
    const tokens = new DemoTokens();
    app = Fastify();
    await app.register(fastifySecurity(demoChain({ name: 'outer' }, tokens)).plugin);
    await app.register(async (inner) => {
      await inner.register(fastifySecurity(demoChain({ name: 'inner', guards: [requireRoles('admin')] })).plugin);
      inner.get('/admin', async () => 'admin');
    });
    app.get('/user', async (request) => (request as { user?: unknown }).user === principalOf(request));
    expect([await statusOf('/user', 'now.alice'), await statusOf('/admin', 'now.alice')]).toEqual([200, 403]);
  });

  test('a hook secures a single route of an application that is open', async () => {
    const secure = fastifySecurity(demoChain());
    app = Fastify();
    app.get('/open', async () => 'open');
    app.get(
      '/orders',
      { onRequest: secure(requireScopes('orders:read')) },
      async (request) => principalOf(request).subject,
    );
    expect([await statusOf('/open'), await statusOf('/orders')]).toEqual([200, 401]);
    expect([await statusOf('/orders', 'later.bob'), await statusOf('/orders', 'later.alice')]).toEqual([403, 200]);
  });

  test('guards that are none are found when the route is declared', async () => {
    app = Fastify();
    await app.register(fastifySecurity(demoChain()).plugin);
    const guards = [{ name: 'no guard' }] as never;
    expect(() => app?.get('/', { config: { sallyport: { guards } } }, async () => '')).toThrow(ConfigurationError);
  });

  test('hooks that run on sending see a refusal, and may add to it', async () => {
    app = Fastify();
    app.addHook('onSend', async (_request, reply) => {
      reply.header('access-control-allow-origin', '*');
    });
    await app.register(fastifySecurity(demoChain()).plugin);
    const response = await app.inject('/');
    expect(response.statusCode).toBe(401);
    expect(response.headers['access-control-allow-origin']).toBe('*');
    expect(response.headers['www-authenticate']).toHaveLength(2);
  });

  test('an error of onDenied goes to the error handler, and lets nobody in', async () => {
    for (const fails of [() => Promise.reject(new Error('mine')), () => Promise.reject('no error')]) {
      app = Fastify();
      app.setErrorHandler((_error, _request, reply) => void reply.code(599).send('handled'));
      await app.register(fastifySecurity(demoChain(), { onDenied: fails }).plugin);
      app.get('/', async () => 'let in');
      expect((await app.inject('/')).statusCode).toBe(599);
      await app.close();
    }
  });
});

describe('security hangs on the route that Fastify chose', () => {
  const operations = routes([
    route('GET', '/pets/{petId}', { guards: [requireScopes('orders:read')] }),
    route('GET', '/open', { requirement: anonymous() }),
    route('GET', '/open/{anything}', { requirement: anonymous() }),
  ]);

  test('whatever its parameters are called there', async () => {
    app = Fastify();
    await app.register(fastifySecurity(demoChain({ operations })).plugin);
    app.get('/pets/:id', async () => 'pet');
    expect([await statusOf('/pets/1'), await statusOf('/pets/1', 'now.bob')]).toEqual([401, 403]);
    expect([await statusOf('/pets/1', 'now.alice'), await statusOf('/pets/1', 'now.bob', 'HEAD')]).toEqual([200, 403]);
  });

  test('in a spelling that only its router takes for the same', async () => {
    app = Fastify({ routerOptions: { caseSensitive: false, ignoreTrailingSlash: true } });
    await app.register(fastifySecurity(demoChain({ operations })).plugin);
    app.get('/pets/:id', async () => 'pet');
    expect([await statusOf('/PETS/1', 'now.bob'), await statusOf('/pets/1/', 'now.bob')]).toEqual([403, 403]);
    expect(await statusOf('/Pets/1/', 'now.alice')).toBe(200);
  });

  test('a wildcard is looked up by its path', async () => {
    app = Fastify();
    await app.register(fastifySecurity(demoChain({ operations })).plugin);
    app.get('/*', async () => 'any');
    expect([await statusOf('/pets/1', 'now.bob'), await statusOf('/open')]).toEqual([403, 200]);
    expect(await statusOf('/elsewhere')).toBe(401);
  });

  test('a route that no operation describes is not let in as the operation that its path looks like', async () => {
    app = Fastify();
    await app.register(fastifySecurity(demoChain({ operations })).plugin);
    app.get('/open/secret', async () => 'secret');
    app.get('/other', async () => 'other');
    expect(await statusOf('/open/secret')).toBe(404);
    expect([await statusOf('/other'), await statusOf('/other', 'now.bob')]).toEqual([401, 200]);
  });

  test('nor is one with a parameter that is a part of its segment', async () => {
    const files = routes([
      route('GET', '/files/{name}', { requirement: anonymous() }),
      route('GET', '/notes/{name}', { guards: [requireScopes('orders:read')] }),
      route('GET', '/notes/{note}.json', { requirement: anonymous() }),
    ]);
    app = Fastify();
    await app.register(fastifySecurity(demoChain({ operations: files })).plugin);
    for (const path of ['/files/:name', '/files/:name.json', '/notes/:id.json', '/notes/:one-:two']) {
      app.get(path, async () => 'fine');
    }
    expect([await statusOf('/files/a'), await statusOf('/files/a.json')]).toEqual([200, 404]);
    // The route tells that it is this operation, and not the other one that matches its path.
    expect(await statusOf('/notes/a.json')).toBe(200);
    expect(await statusOf('/notes/a-b')).toBe(404);
  });
});
