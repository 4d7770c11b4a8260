import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { serve } from '@hono/node-server';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity, upgradeSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import {
  anyOf,
  denied,
  headerHandler,
  onDecision,
  optional,
  type Requirement,
  requireScopes,
  type SecurityChain,
} from '@sallyport/core';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { DemoTokens, demoChain } from './demo-chain.js';
import { closing, type DemoServer, listening } from './demo-servers.js';
import { ask, requestText } from './raw-client.js';
import { Router } from './rewriting/koa-middleware.js';

const express4: typeof express = require('express4');
const Koa2: typeof Koa = require('koa2');

const tokens = new DemoTokens();
const keys = headerHandler({
  name: 'demo-keys',
  header: 'X-Key',
  verify: (key) => (key === 'good' ? { subject: 'robot', scopes: ['orders:read'] } : denied('key_unknown')),
});

/** The routes of every application here. No `secure()` stands in front of them. */
const ROUTES: readonly (readonly [path: string, requirement: Requirement, scope?: string])[] = [
  ['/articles/:slug', optional(tokens)],
  ['/either', anyOf(tokens, keys)],
  ['/orders', tokens, 'orders:read'],
  ['/keys', keys],
];
const SCOPED = requireScopes('orders:read');

const demandsOf = ([, requirement, scope]: (typeof ROUTES)[number]) =>
  scope === undefined ? ([requirement] as const) : ([requirement, SCOPED] as const);
const text = (asked: object) => `by ${principalOf(asked).subject || 'nobody'}`;

type Open = (chain: SecurityChain) => Promise<DemoServer>;

const expressServer =
  (framework: typeof express): Open =>
  (chain) => {
    const secure = expressSecurity(chain);
    const app = framework();
    for (const row of ROUTES)
      app.get(row[0], secure(...demandsOf(row)), (request, response) => void response.send(text(request)));
    app.use('/all', secure(), (request, response) => void response.send(text(request)));
    app.get(
      '/all-and-optional',
      secure(),
      secure(optional(tokens)),
      (request, response) => void response.send(text(request)),
    );
    return listening(createServer(app));
  };

const koaServer =
  (framework: typeof Koa): Open =>
  (chain) => {
    const secure = koaSecurity(chain);
    const router = new Router();
    const answer: Koa.Middleware = (context) => {
      context.body = text(context);
    };
    for (const row of ROUTES) router.get(row[0], secure(...demandsOf(row)), answer);
    router.get('/all', secure(), answer);
    router.get('/all-and-optional', secure(), secure(optional(tokens)), answer);
    const app = new framework();
    app.use(router.routes());
    return listening(createServer(app.callback()));
  };

const fastifyServer =
  (hook: 'onRequest' | 'preHandler'): Open =>
  async (chain) => {
    const secure = fastifySecurity(chain);
    const app = Fastify();
    const answer = async (request: object) => text(request);
    for (const row of ROUTES) app.get(row[0], { [hook]: secure(...demandsOf(row)) }, answer);
    app.get('/all', { [hook]: secure() }, answer);
    app.get('/all-and-optional', { [hook]: [secure(), secure(optional(tokens))] }, answer);
    await app.listen({ port: 0, host: '127.0.0.1' });
    return closing(app.server);
  };

const honoServer: Open = async (chain) => {
  const secure = fetchSecurity(chain);
  const app = new Hono();
  for (const row of ROUTES)
    app.get(row[0], secure.middleware(...demandsOf(row)), (context) => context.text(text(context)));
  app.get('/all', secure.middleware(), (context) => context.text(text(context)));
  app.get('/all-and-optional', secure.middleware(), secure.middleware(optional(tokens)), (context) =>
    context.text(text(context)),
  );
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  return closing(server as Server);
};

const nodeServer: Open = (chain) => {
  const secure = httpSecurity(chain);
  const secureUpgrade = upgradeSecurity(chain);
  const listeners = new Map(
    ROUTES.map((row) => [
      row[0].replace(':slug', 'a'),
      secure((request, response) => void response.end(text(request)), ...demandsOf(row)),
    ]),
  );
  const inner = secure((request, response) => void response.end(text(request)), optional(tokens));
  listeners.set(
    '/all',
    secure((request, response) => void response.end(text(request))),
  );
  listeners.set(
    '/all-and-optional',
    secure((request, response) => inner(request, response)),
  );
  const server = createServer((request, response) => listeners.get(request.url ?? '')?.(request, response));
  server.on(
    'upgrade',
    secureUpgrade(
      (_request, socket, _head, { subject }) => void socket.end(`HTTP/1.1 101 By ${subject}\r\n\r\n`),
      keys,
    ),
  );
  return listening(server);
};

const SERVERS: readonly (readonly [name: string, open: Open])[] = [
  ['Express 4', expressServer(express4)],
  ['Express 5', expressServer(express)],
  ['Koa 2', koaServer(Koa2)],
  ['Koa 3', koaServer(Koa)],
  ['Fastify, onRequest', fastifyServer('onRequest')],
  ['Fastify, preHandler', fastifyServer('preHandler')],
  ['Hono', honoServer],
  ['node:http', nodeServer],
];

const KEY = 'X-Key: good';
const as = (token: string) => `Authorization: Bearer ${token}`;

describe.each(SERVERS)('%s: one route, one requirement', (name, open) => {
  let server: DemoServer;
  beforeAll(async () => {
    server = await open(demoChain({ requirement: tokens }, tokens));
  });
  afterAll(() => server.close());
  beforeEach(() => {
    tokens.verified = 0;
  });

  const get = async (path: string, ...lines: string[]) => {
    const { status, body } = await ask(server.port, 'http', requestText('GET', path, lines));
    return status === 200 ? body : status;
  };

  test('optional: nobody and somebody come in, a bad credential does not', async () => {
    const path = '/articles/a';
    expect(await get(path)).toBe('by nobody');
    for (const when of ['now', 'later']) expect(await get(path, as(`${when}.alice`))).toBe('by alice');
    expect([await get(path, as('bad')), await get(path, as('outage'))]).toEqual([401, 503]);
  });

  test('anyOf: each of the two is enough', async () => {
    expect([await get('/either'), await get('/either', 'X-Key: bad')]).toEqual([401, 401]);
    expect([await get('/either', KEY), await get('/either', as('later.bob'))]).toEqual(['by robot', 'by bob']);
  });

  test('a requirement and a guard: both are needed', async () => {
    expect([await get('/orders'), await get('/orders', as('now.bob')), await get('/orders', as('later.bob'))]).toEqual([
      401, 403, 403,
    ]);
    expect(await get('/orders', as('later.alice'))).toBe('by alice');
  });

  test('clients are told the scopes of the guard that the route adds (RFC 6750 3)', async () => {
    const challenges = async (path: string, ...lines: string[]) => {
      const answer = await ask(server.port, 'http', requestText('GET', path, lines));
      return answer.lines.filter((line) => /^www-authenticate: Bearer /i.test(line)).join();
    };
    expect(await challenges('/orders')).toContain('scope="orders:read"');
    expect(await challenges('/orders', as('now.bob'))).toContain('scope="orders:read"');
    expect(await challenges('/either')).toMatch(/^www-authenticate: Bearer (?!.*scope=)/i);
  });

  test('what the chain requires is not asked on a route that requires something else', async () => {
    expect([await get('/keys', as('now.alice')), await get('/keys', KEY)]).toEqual([401, 'by robot']);
    expect([await get('/all', KEY), await get('/all', as('now.alice'))]).toEqual([401, 'by alice']);
    expect(tokens.verified).toBe(1);
  });

  test('what a secure() in front requires stays required, and is proved once', async () => {
    expect(await get('/all-and-optional')).toBe(401);
    for (const when of ['now', 'later']) expect(await get('/all-and-optional', as(`${when}.alice`))).toBe('by alice');
    expect(tokens.verified).toBe(2);
  });

  if (name === 'node:http') {
    test('an upgrade may have a requirement of its own, too (RFC 9110 7.8)', async () => {
      const lines = ['Connection: Upgrade', 'Upgrade: rules'];
      const statusOf = async (...more: string[]) =>
        (await ask(server.port, 'http', requestText('GET', '/', [...lines, ...more]))).statusLine;
      expect(await statusOf(as('now.alice'))).toMatch(/ 401 /);
      expect(await statusOf(KEY)).toBe('HTTP/1.1 101 By robot');
    });
  }
});

test('each decision of a route is told, with the handlers that were asked', async () => {
  const server = await expressServer(express)(demoChain({ requirement: tokens }, tokens));
  const told: unknown[] = [];
  const stop = onDecision(({ route, outcome, steps }) =>
    told.push([route, outcome, ...steps.map(({ handler }) => handler)]),
  );
  await ask(server.port, 'http', requestText('GET', '/either', [KEY]));
  await ask(server.port, 'http', requestText('GET', '/all-and-optional', [as('now.alice')]));
  stop();
  await server.close();
  expect(told).toEqual([
    ['/either', 'granted', 'demo-keys'],
    ['/all-and-optional', 'granted', 'demo-tokens'],
    ['/all-and-optional', 'granted'],
  ]);
});

test('a guard behind two requirements sees what both have proved', async () => {
  const secure = expressSecurity(demoChain({ requirement: tokens }, tokens));
  const app = express();
  app.use(secure(), secure(keys));
  app.get('/orders', secure(SCOPED), (request, response) => {
    response.send([text(request), ...principalOf(request).via.map(({ handler }) => handler)].join());
  });
  const server = await listening(createServer(app));
  // The scope is the key's.
  const { body } = await ask(server.port, 'http', requestText('GET', '/orders', [as('now.bob'), KEY]));
  await server.close();
  expect(body).toBe('by bob,demo-tokens,demo-keys');
});

test('what was granted for another target proves nothing at a route', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const secure = httpSecurity(demoChain({ requirement: tokens }, tokens), { allowRewriting: true });
  warn.mockRestore();
  const inner = secure((request, response) => void response.end(text(request)), keys);
  const outer = secure((request, response) => inner(Object.assign(request, { url: '/b' }), response));
  const server = await listening(createServer(outer));
  const { status } = await ask(server.port, 'http', requestText('GET', '/a', [as('now.alice'), KEY]));
  await server.close();
  // The route takes the key alone, and the token belongs to the request that came in.
  expect(status).toBe(401);
});
