import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { koaSecurity } from '@sallyport/adapters/koa';
import { anonymous, onDecision, requireScopes, route, routes, type SecurityChain } from '@sallyport/core';
import express from 'express';
import Koa from 'koa';
import { DemoTokens, demoChain } from './demo-chain.js';
import { type DemoServer, listening } from './demo-servers.js';
import { ask, requestText } from './raw-client.js';

const express4: typeof express = require('express4');

/** As much of @koa/router as is used here. */
interface Router {
  get(path: string | RegExp | string[], ...handlers: Koa.Middleware[]): Router;
  routes(): Koa.Middleware;
}
const { Router }: { Router: new (options?: { prefix: string }) => Router } = require('@koa/router');

const ORDERS = requireScopes('orders:read');
const operations = routes([
  route('GET', '/pets/{petId}', { guards: [ORDERS] }),
  route('GET', '/v1/pets/{petId}', { guards: [ORDERS] }),
  route('GET', '/tenants/{tenant}/pets/{petId}', { guards: [ORDERS] }),
  route('GET', '/orders', { guards: [ORDERS] }),
  route('GET', '/open/{anything}', { requirement: anonymous() }),
  route('GET', '/open/{anything}/{more}', { requirement: anonymous() }),
  route('GET', '/open/admin', { guards: [ORDERS] }),
]);
let server: DemoServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** The same application in one framework: `middleware` passes on, `handler` answers with 200. */
interface Application<Handler> {
  secure(): Handler;
  /** A route for GET. */
  get(path: string | RegExp | string[], ...handlers: Handler[]): void;
  /** Middleware of the application, or of what is mounted at `path`. */
  use(...handlers: Handler[]): void;
  /** A route of a router that is mounted at `mount`. */
  mounted(mount: string, path: string, ...handlers: Handler[]): void;
  readonly pass: Handler;
  readonly answer: Handler;
  listener(): RequestListener;
}

function expressApplication(framework: typeof express, chain: SecurityChain): Application<express.RequestHandler> {
  const app = framework();
  const secure = expressSecurity(chain);
  return {
    secure: () => secure(),
    get: (path, ...handlers) => void app.get(path, ...handlers),
    use: (...handlers) => void app.use(...handlers),
    mounted: (mount, path, ...handlers) => void app.use(mount, framework.Router().get(path, ...handlers)),
    pass: (_request, _response, next) => next(),
    answer: (request, response) => void response.send(principalOf(request).subject),
    listener: () => app,
  };
}

function koaApplication(chain: SecurityChain): Application<Koa.Middleware> {
  const app = new Koa();
  const secure = koaSecurity(chain);
  const mount = (router: Router) => void app.use(router.routes());
  return {
    secure: () => secure(),
    get: (path, ...handlers) => mount(new Router().get(path, ...handlers)),
    use: (...handlers) => {
      for (const handler of handlers) app.use(handler);
    },
    mounted: (prefix, path, ...handlers) => mount(new Router({ prefix }).get(path, ...handlers)),
    pass: (_context, next) => next(),
    answer: (context) => {
      context.body = 'let in';
    },
    listener: () => app.callback(),
  };
}

interface Row {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: rows differ in their handlers, and no test mixes them
  open(chain: SecurityChain): Application<any>;
}

const ROWS: readonly Row[] = [
  { name: 'Express 4', open: (chain) => expressApplication(express4, chain) },
  { name: 'Express 5', open: (chain) => expressApplication(express, chain) },
  { name: 'Koa with its router', open: (chain) => koaApplication(chain) },
];

describe.each(ROWS)('$name: security hangs on the route that the router chose', ({ open }) => {
  const tokens = new DemoTokens();
  const start = async (mount: (app: ReturnType<Row['open']>) => void) => {
    const app = open(demoChain({ operations }, tokens));
    mount(app);
    server = await listening(createServer(app.listener()));
  };
  const statusOf = async (path: string, token?: string, method = 'GET'): Promise<number> => {
    const lines = token === undefined ? [] : [`Authorization: Bearer ${token}`];
    return (await ask(server?.port ?? 0, 'http', requestText(method, path, lines))).status;
  };

  test('whatever its parameters are called there', async () => {
    await start((app) => app.get('/pets/:id', app.secure(), app.answer));
    expect([await statusOf('/pets/1'), await statusOf('/pets/1', 'now.bob')]).toEqual([401, 403]);
    expect([await statusOf('/pets/1', 'later.alice'), await statusOf('/pets/1', 'now.bob', 'HEAD')]).toEqual([
      200, 403,
    ]);
  });

  test('in a spelling that only its router takes for the same', async () => {
    await start((app) => app.get('/pets/:id', app.secure(), app.answer));
    for (const path of ['/PETS/1', '/pets/1/', '/Pets/1/?a=b']) {
      expect([await statusOf(path, 'now.bob'), await statusOf(path, 'now.alice')]).toEqual([403, 200]);
    }
  });

  test('where the route itself is spelt otherwise than the operation', async () => {
    await start((app) => app.get('/Orders', app.secure(), app.answer));
    expect([await statusOf('/orders', 'now.bob'), await statusOf('/orders', 'now.alice')]).toEqual([403, 200]);
  });

  test('a route that no operation describes is not let in as the operation that its path looks like', async () => {
    await start((app) => app.get('/open/secret', app.secure(), app.answer));
    expect([await statusOf('/open/secret'), await statusOf('/open/secret', 'now.alice')]).toEqual([404, 404]);
  });

  test('a route whose path says more than a template is looked up by the path of the request', async () => {
    await start((app) => app.get(/^\/(?:pets|open)\/.*$/, app.secure(), app.answer));
    expect([await statusOf('/pets/1', 'now.bob'), await statusOf('/open/x')]).toEqual([403, 200]);
  });

  test.each([
    ['/v1', '/pets/:id', '/v1/pets/1', '/v1/pets/{petId}'],
    ['/tenants/:tenant', '/pets/:id', '/tenants/acme/pets/1', '/tenants/{tenant}/pets/{petId}'],
    ['/orders', '/', '/orders', '/orders'],
  ])('a router at %s knows only its part of the template: %s', async (mount, path, target, template) => {
    await start((app) => app.mounted(mount, path, app.secure(), app.answer));
    const told: unknown[] = [];
    const stop = onDecision(({ route }) => told.push(route));
    expect([await statusOf(target, 'now.bob'), await statusOf(target, 'now.alice')]).toEqual([403, 200]);
    stop();
    expect(told).toEqual([template, template]);
  });

  test('a route of a mounted router that no operation describes is not let in as another', async () => {
    await start((app) => app.mounted('/open/:x', '/secret', app.secure(), app.answer));
    expect(await statusOf('/open/x/secret')).toBe(404);
  });

  test('a request that goes on from one route to another is decided again, by the other', async () => {
    await start((app) => {
      app.get('/open/:anything', app.secure(), app.pass);
      app.get('/open/admin', app.secure(), app.answer);
    });
    expect([await statusOf('/open/admin'), await statusOf('/open/admin', 'now.bob')]).toEqual([401, 403]);
    expect(await statusOf('/open/admin', 'now.alice')).toBe(200);
  });

  test('a route of many paths lets nobody through to a handler behind it whose operation is another', async () => {
    await start((app) => {
      app.get('/open/:anything', app.secure(), app.pass);
      app.get('/open/admin', app.answer);
    });
    for (const path of ['/open/admin', '/OPEN/admin', '/open/admin/']) {
      expect([await statusOf(path), await statusOf(path, 'now.bob')]).toEqual([401, 403]);
      expect(await statusOf(path, 'now.alice')).toBe(200);
    }
  });

  test('of two routes that match, the one whose handlers run decides', async () => {
    await start((app) => {
      const secured = app.secure();
      app.get('/pets/:id', secured, app.answer);
      app.get('/pets/mine', secured, app.answer);
    });
    expect([await statusOf('/pets/mine', 'now.bob'), await statusOf('/pets/mine', 'now.alice')]).toEqual([403, 200]);
  });

  test('a route that the request has left is not taken for the one that it is in', async () => {
    await start((app) => {
      const secured = app.secure();
      app.get('/open/:anything', secured, app.pass);
      app.use(secured, app.answer);
    });
    expect([
      await statusOf('/open/x'),
      await statusOf('/open/admin'),
      await statusOf('/open/admin', 'now.bob'),
    ]).toEqual([200, 401, 403]);
  });

  test('a request is verified once where the path and the route mean the same operation', async () => {
    await start((app) => {
      app.use(app.secure());
      app.get('/pets/:id', app.secure(), app.secure(), app.answer);
    });
    const before = tokens.verified;
    expect(await statusOf('/pets/1', 'later.alice')).toBe(200);
    expect(tokens.verified).toBe(before + 1);
  });
});

describe.each([
  ['Express 4', express4],
  ['Express 5', express],
])(
  '%s: a route that was skipped is not taken for the place of a middleware that also stands elsewhere',
  (_, framework) => {
    type Handler = express.RequestHandler;
    const leave =
      (where: 'route' | 'router'): Handler =>
      (request, _response, next) =>
        next(request.path.toLowerCase() === '/open/admin' ? where : undefined);
    const answer: Handler = (request, response) => void response.send(principalOf(request).subject);
    const statuses = async (path: string) => {
      const answers: number[] = [];
      for (const token of ['', 'now.bob', 'later.alice']) {
        const lines = token === '' ? [] : [`Authorization: Bearer ${token}`];
        answers.push((await ask(server?.port ?? 0, 'http', requestText('GET', path, lines))).status);
      }
      return answers;
    };
    const start = async (mount: (app: express.Express, secured: Handler) => void) => {
      const app = framework();
      mount(app, expressSecurity(demoChain({ operations }))());
      app.get('/open/admin', answer);
      server = await listening(createServer(app));
    };
    /** As wrappers do that promise, time or skip what they wrap: it is called with a function of theirs. */
    const wrapped =
      (handler: Handler): Handler =>
      (request, response, next) =>
        void handler(request, response, (error?: unknown) => next(error));

    test.each([
      ['itself', (handler: Handler) => handler],
      ['in a wrapper', wrapped],
    ])('%s', async (_name, wrap) => {
      await start((app, secured) => app.get('/open/:anything', leave('route'), secured, answer).use(wrap(secured)));
      expect([await statuses('/open/x'), await statuses('/open/admin')]).toEqual([
        [200, 200, 200],
        [401, 403, 200],
      ]);
      expect((await statuses('/OPEN/admin')).slice(0, 2)).not.toContain(200);
      expect((await statuses('/open/admin/')).slice(0, 2)).not.toContain(200);
    });

    test.each([
      ['itself', (handler: Handler) => handler],
      ['in a wrapper', wrapped],
    ])('%s, where a parameter skipped it', async (_name, wrap) => {
      await start((app, secured) => {
        app.param('anything', (request, response, next) => leave('route')(request, response, next));
        app.get('/open/:anything', secured, answer).use(wrap(secured));
      });
      expect(await statuses('/open/admin')).toEqual([401, 403, 200]);
    });

    test.each([
      ['itself', (handler: Handler) => handler],
      ['in a wrapper', wrapped],
    ])('%s, in a router that was left', async (_name, wrap) => {
      await start((app, secured) => {
        const router = framework.Router().get('/open/:anything', leave('router'), secured, answer);
        app.use(framework.Router().use(router)).use(wrap(secured));
      });
      expect([await statuses('/open/x'), await statuses('/open/admin')]).toEqual([
        [200, 200, 200],
        [401, 403, 200],
      ]);
    });

    test('in a mounted router, whose template says less than the path', async () => {
      await start((app, secured) => {
        const router = framework
          .Router()
          .get('/:anything', (_request, _response, next) => next('router'), secured, answer);
        app.use('/open', router).use(secured);
      });
      expect(await statuses('/open/admin')).toEqual([401, 403, 200]);
    });

    test('the principal is that of the route where both are granted', async () => {
      await start((app, secured) => app.get('/pets/:id', (_request, _response, next) => next(), secured, answer));
      const lines = ['Authorization: Bearer later.alice'];
      for (const path of ['/pets/1', '/Pets/1/']) {
        expect((await ask(server?.port ?? 0, 'http', requestText('GET', path, lines))).body).toBe('alice');
      }
    });
  },
);

test('@koa/router: of two routes of one router that match, the one whose handlers run decides', async () => {
  const secured = koaSecurity(demoChain({ operations }))();
  const answer: Koa.Middleware = (context) => {
    context.body = 'let in';
  };
  const router = new Router();
  router.get('/open/admin', secured, answer);
  router.get('/open/:anything', secured, answer);
  server = await listening(createServer(new Koa().use(router.routes()).callback()));
  const { port } = server;
  const statusOf = async (path: string) => (await ask(port, 'http', requestText('GET', path))).status;
  expect([await statusOf('/open/admin'), await statusOf('/open/x')]).toEqual([401, 200]);
});

test('a lookup that fails when an operation is looked for again is a bug: 500, and no error of the application', async () => {
  let lookups = 0;
  const failing = {
    operations: operations.operations,
    find: (method: string, path: string) => {
      lookups += 1;
      if (lookups > 1) throw new Error('lookup');
      return operations.find(method, path);
    },
  };
  const secure = expressSecurity(demoChain({ operations: failing }));
  const app = express();
  app.use(secure(), secure(), (_request, response) => void response.send('let in'));
  server = await listening(createServer(app));
  const answer = await ask(server.port, 'http', requestText('GET', '/orders', ['Authorization: Bearer now.alice']));
  expect(answer).toMatchObject({ status: 500, body: expect.stringContaining('"correlationId"') });
});
