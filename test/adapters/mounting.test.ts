import { createServer } from 'node:http';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import { ConfigurationError, onDecision, requireRoles, requireScopes } from '@sallyport/core';
import { type SecurityRequest } from '@sallyport/core/extend';
import express from 'express';
import { Hono } from 'hono';
import Koa from 'koa';
import { DemoTokens, demoChain } from './demo-chain.js';
import { type DemoServer, listening } from './demo-servers.js';
import { ask, type RawAnswer, requestText } from './raw-client.js';

const express4: typeof express = require('express4');
let server: DemoServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function get(path: string, token?: string): Promise<RawAnswer> {
  if (server === undefined) throw new Error('no server');
  const lines = token === undefined ? [] : [`Authorization: Bearer ${token}`];
  return ask(server.port, 'http', requestText('GET', path, lines));
}

async function statuses(path: string, ...tokens: (string | undefined)[]): Promise<number[]> {
  const answers: number[] = [];
  for (const token of tokens) answers.push((await get(path, token)).status);
  return answers;
}

describe.each([
  ['Express 4', express4],
  ['Express 5', express],
])('%s', (_name, framework) => {
  async function open(mount: (app: express.Express) => void): Promise<void> {
    const app = framework();
    mount(app);
    app.use(((error, _request, response, _next) => {
      response.status(599).send(error instanceof Error ? error.message : String(error));
    }) satisfies express.ErrorRequestHandler);
    server = await listening(createServer(app));
  }
  const hello: express.RequestHandler = (request, response) => {
    expect((request as { user?: unknown }).user).toBe(principalOf(request));
    response.send(`hello ${principalOf(request).subject}`);
  };

  test('behind secure(), `req.route` is the route that runs, also of an object made from the request', async () => {
    const secure = expressSecurity(demoChain());
    await open((app) => {
      app.use(secure());
      app.get('/none', ({ route }, _response, next) => next(route.path === '/none' ? 'route' : undefined));
      app.get('/:id', (request, response) => {
        const made: express.Request = Object.create(request);
        response.json([request.route.path, made.route.path, Object.create(made).route.path]);
      });
    });
    for (const path of ['/a', '/none']) {
      expect((await get(path, 'later.alice')).body).toBe('["/:id","/:id","/:id"]');
    }
  });

  test('a route that is set on an object made from a request is not that of the request, and both keep the principal', async () => {
    const secure = expressSecurity(demoChain());
    await open((app) => {
      app.use(secure());
      app.get('/:id', (request, response) => {
        const made: express.Request = Object.create(request);
        made.route = { path: '/other', stack: [] };
        response.json([request.route.path, made.route.path, principalOf(request).subject, principalOf(made).subject]);
      });
    });
    expect((await get('/a', 'later.alice')).body).toBe('["/:id","/other","alice","alice"]');
  });

  test('a single route, a router and a mounted application are secured each for itself', async () => {
    const secure = expressSecurity(demoChain());
    await open((app) => {
      const router = framework.Router();
      router.use(secure());
      router.get('/a', hello);
      const mounted = framework();
      mounted.use(secure(requireScopes('orders:read')));
      mounted.get('/b', hello);
      app.get('/open', (_request, response) => void response.send('open'));
      app.get('/single', secure(), hello);
      app.use('/router', router);
      app.use('/mounted', mounted);
    });
    expect(await statuses('/open', undefined)).toEqual([200]);
    expect(await statuses('/single', undefined, 'later.bob')).toEqual([401, 200]);
    expect(await statuses('/router/a', undefined, 'now.bob')).toEqual([401, 200]);
    expect(await statuses('/mounted/b', undefined, 'now.bob', 'later.alice')).toEqual([401, 403, 200]);
  });

  test('a mounted chain sees the target as it was received', async () => {
    const seen: string[] = [];
    const secure = expressSecurity(demoChain({ guards: [(_principal, { target }) => seen.push(target) > 0] }));
    await open((app) => void app.use('/mounted', secure(), hello));
    await get('/mounted/a?b=c', 'now.alice');
    expect(seen).toEqual(['/mounted/a?b=c']);
  });

  test('two adapters of one chain verify a request once, two chains each for itself', async () => {
    const tokens = new DemoTokens();
    const chain = demoChain({}, tokens);
    const other = demoChain({ name: 'other', guards: [requireRoles('admin')] }, tokens);
    await open((app) => {
      app.use(expressSecurity(chain)(), expressSecurity(chain)(requireScopes('orders:read')));
      app.use('/admin', expressSecurity(other)());
      app.use(hello);
    });
    expect([await statuses('/', 'later.alice'), tokens.verified]).toEqual([[200], 1]);
    expect([await statuses('/admin', 'later.alice'), tokens.verified]).toEqual([[403], 3]);
  });

  test.each(['now', 'later'])(
    'an error of the application is its own, not a refusal, when decided %s',
    async (kind) => {
      const secure = expressSecurity(demoChain());
      let calls = 0;
      await open((app) => {
        app.use(secure(), () => {
          calls += 1;
          throw new Error('mine');
        });
      });
      expect(await get('/', `${kind}.alice`)).toMatchObject({ status: 599, body: 'mine' });
      expect(calls).toBe(1);
    },
  );

  test.each([
    [
      (): never => {
        throw new Error('mine');
      },
    ],
    [() => Promise.reject(new Error('mine'))],
  ])('an error of onDenied goes to the error handler', async (onDenied) => {
    await open((app) => void app.use(expressSecurity(demoChain(), { onDenied })(), hello));
    for (const token of ['bad', 'rejects']) {
      expect(await get('/', token)).toMatchObject({ status: 599, body: 'mine' });
    }
  });

  test.each([undefined, null, 'route', 'router'])('onDenied that fails with %p lets nobody in', async (failure) => {
    await open((app) => {
      const secure = expressSecurity(demoChain(), { onDenied: () => Promise.reject(failure) });
      app.get('/', secure(), hello);
      app.use(secure(), hello);
      app.use(hello);
    });
    for (const path of ['/', '/other']) expect(await get(path)).toMatchObject({ status: 599, body: 'onDenied failed' });
  });

  test('an event names the root of a mounted router, and is not told where that is mounted', async () => {
    await open((app) => {
      const secure = expressSecurity(demoChain());
      app.use('/tenants/acme', framework.Router().get('/', secure(), hello));
    });
    const told: unknown[] = [];
    const stop = onDecision(({ route }) => told.push(route));
    await get('/tenants/acme', 'now.alice');
    await get('/tenants/acme/', 'now.alice');
    stop();
    expect(told).toEqual(['/', '/']);
  });

  test('header lines that were set before stay with a refusal', async () => {
    await open((app) => {
      app.use((_request, response, next) => {
        response.setHeader('Access-Control-Allow-Origin', '*');
        next();
      });
      app.use(expressSecurity(demoChain())());
    });
    expect((await get('/')).lines).toContain('Access-Control-Allow-Origin: *');
  });

  test('an application that answers by itself is not answered for', async () => {
    const secure = expressSecurity(demoChain());
    await open((app) => {
      app.use((_request, response, next) => {
        response.send('already');
        next();
      });
      app.use(secure());
    });
    expect(await get('/')).toMatchObject({ status: 200, body: 'already' });
  });
});

describe('Koa', () => {
  test('middleware in front sees the refusal, and may log or change it', async () => {
    const secure = koaSecurity(demoChain());
    const app = new Koa();
    const seen: number[] = [];
    app.use(async (context, next) => {
      await next();
      seen.push(context.status);
    });
    app.use(secure());
    app.use((context) => {
      expect(context.state['user']).toBe(principalOf(context));
      context.body = 'hello';
    });
    server = await listening(createServer(app.callback()));
    expect(await statuses('/', undefined, 'later.alice')).toEqual([401, 200]);
    expect(seen).toEqual([401, 200]);
  });

  test.each(['now', 'later'])(
    'an error of the application is its own, not a refusal, when decided %s',
    async (kind) => {
      const app = new Koa();
      app.silent = true;
      app.use(koaSecurity(demoChain())());
      app.use((context) => context.throw(418));
      server = await listening(createServer(app.callback()));
      expect(await statuses('/', `${kind}.alice`)).toEqual([418]);
    },
  );

  test('onDenied may wait, and its errors are those of any middleware', async () => {
    const app = new Koa();
    app.silent = true;
    const onDenied = async (denied: { reason: string }, context: Koa.Context) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (denied.reason === 'token_unknown') throw new Error('mine');
      context.redirect('/login');
    };
    app.use(koaSecurity(demoChain(), { onDenied })());
    server = await listening(createServer(app.callback()));
    expect(await statuses('/', undefined, 'bad')).toEqual([302, 500]);
  });
});

describe('node:http', () => {
  test('onDenied answers instead of the adapter', async () => {
    const secure = httpSecurity(demoChain(), {
      onDenied: ({ reason }, _request, response) =>
        void response.writeHead(302, { location: `/login?${reason}` }).end(),
    });
    server = await listening(createServer(secure((_request, response) => void response.end())));
    const answer = await get('/');
    expect(answer.status).toBe(302);
    expect(answer.lines).toContain('location: /login?credentials_missing');
  });

  test.each([
    ['target', { url: '/other' }],
    ['method', { method: 'DELETE' }],
  ])('what was granted to one %s is decided anew for another, also under the same requirement', async (_of, other) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const first = (_principal: unknown, { method, target }: SecurityRequest) => method === 'GET' && target === '/';
    const secure = httpSecurity(demoChain({ guards: [first] }), { allowRewriting: true });
    warn.mockRestore();
    const inner = secure((_request, response) => void response.end('ran'));
    const outer = secure((request, response) => inner(Object.assign(request, other), response));
    server = await listening(createServer(outer));
    expect((await get('/', 'now.alice')).status).toBe(403);
  });

  test('a wrapped checkContinue listener asks for the body only once the request is let in (RFC 9110 10.1.1)', async () => {
    const secure = httpSecurity(demoChain());
    const node = createServer();
    node.on(
      'checkContinue',
      secure((_request, response) => {
        response.writeContinue();
        response.end('continued');
      }),
    );
    server = await listening(node);
    const lines = ['Expect: 100-continue', 'Content-Length: 5'];
    const refused = await ask(server.port, 'http', requestText('POST', '/', lines));
    expect(refused.statusLine).toBe('HTTP/1.1 401 Unauthorized');
    const letIn = requestText('POST', '/', [...lines, 'Authorization: Bearer later.alice'], 'hello');
    expect((await ask(server.port, 'http', letIn)).body).toBe('continued');
  });
});

describe('fetch', () => {
  const at = (path: string, token?: string, init: RequestInit = {}) =>
    new Request(`http://localhost${path}`, { ...init, headers: token ? { authorization: `Bearer ${token}` } : {} });

  test.each(['now', 'later'])('a handler without a server behind it is secured alike, decided %s', async (kind) => {
    const secure = fetchSecurity(demoChain());
    const handler = secure((request) => new Response(principalOf(request).subject), requireScopes('orders:read'));
    const answers = await Promise.all(
      [undefined, `${kind}.bob`, `${kind}.alice`].map((token) => handler(at('/', token))),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 200]);
    expect(answers[0]?.headers.get('www-authenticate')).toMatch(
      /^Bearer realm="demo", scope="orders:read", Basic realm=/,
    );
    expect(await answers[2]?.text()).toBe('alice');
  });

  test('lines that a Request has joined are refused (RFC 9110 5.3)', async () => {
    const handler = fetchSecurity(demoChain())(() => new Response('let in'));
    const headers = new Headers({ authorization: 'Bearer now.alice' });
    headers.append('authorization', 'Bearer now.alice');
    expect((await handler(new Request('http://localhost/', { headers }))).status).toBe(400);
  });

  test('the target is the path and query of the URL', async () => {
    const seen: string[] = [];
    const handler = fetchSecurity(demoChain({ guards: [(_principal, { target }) => seen.push(target) > 0] }))(
      () => new Response(),
    );
    for (const path of ['', '/a/b?c=d', '/a#b']) await handler(at(path, 'now.alice'));
    expect(seen).toEqual(['/', '/a/b?c=d', '/a']);
  });

  test('a request that is given up ends its decision', async () => {
    const tokens = new DemoTokens();
    const controller = new AbortController();
    const answer = fetchSecurity(demoChain({}, tokens))(() => new Response('let in'))(
      at('/', 'held.alice', { signal: controller.signal }),
    );
    controller.abort();
    expect([(await answer).status, tokens.aborted]).toEqual([503, 1]);
  });

  test('header lines of a grant go onto the answer, also onto one whose headers cannot be changed', async () => {
    const handler = fetchSecurity(demoChain())(async () => Response.redirect('http://localhost/next', 302));
    const answer = await handler(at('/', 'nonce.alice'));
    expect([answer.status, answer.headers.get('dpop-nonce')]).toEqual([302, 'n-1']);
    expect(answer.headers.get('location')).toBe('http://localhost/next');
  });

  test('in Hono, middleware leaves the principal where its users look for it', async () => {
    const secure = fetchSecurity(demoChain());
    const app = new Hono<{ Variables: { user: ReturnType<typeof principalOf> } }>();
    app.get('/open', (context) => context.text('open'));
    app.use('/api/*', secure.middleware());
    app.get('/api/orders', secure.middleware(requireScopes('orders:read')), (context) => {
      expect(context.get('user')).toBe(principalOf(context.req.raw));
      return context.text(context.get('user').subject);
    });
    const statusOf = async (path: string, token?: string) => (await app.fetch(at(path, token))).status;
    expect([await statusOf('/open'), await statusOf('/api/x'), await statusOf('/api/orders', 'now.bob')]).toEqual([
      200, 401, 403,
    ]);
    const answer = await app.fetch(at('/api/orders', 'nonce.alice'));
    expect([await answer.text(), answer.headers.get('dpop-nonce')]).toEqual(['alice', 'n-1']);
  });

  test('in Hono, header lines of a grant go onto whatever the handler answers with', async () => {
    const app = new Hono();
    app.use(fetchSecurity(demoChain()).middleware());
    app.get('/own', () => new Response('own'));
    app.get('/fixed', () => Response.redirect('http://localhost/next', 302));
    app.get('/error', () => {
      throw new Error('mine');
    });
    app.onError((error, context) => context.text(error.message, 500));
    for (const path of ['/own', '/fixed', '/error', '/nowhere']) {
      const answer = await app.fetch(at(path, 'nonce.alice'));
      expect([path, answer.headers.get('dpop-nonce')]).toEqual([path, 'n-1']);
    }
  });

  test('onDenied gives the answer', async () => {
    const secure = fetchSecurity(demoChain(), {
      onDenied: async ({ status }) => Response.json({ status }, { status: 418 }),
    });
    const answer = await secure(() => new Response('let in'))(at('/'));
    expect([answer.status, await answer.json()]).toEqual([418, { status: 401 }]);
  });
});

test.each([expressSecurity, fetchSecurity, httpSecurity, koaSecurity])('%p checks its options', (mount) => {
  for (const options of [
    { trustedHop: 1 },
    { trustedHops: 17 },
    { trustedHops: 0.5 },
    { onDenied: 'x' },
    { allowPreflight: 1 },
  ]) {
    expect(() => mount(demoChain(), options as object)).toThrow(ConfigurationError);
  }
});
