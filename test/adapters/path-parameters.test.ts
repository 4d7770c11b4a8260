import { createServer, type Server } from 'node:http';
import { serve } from '@hono/node-server';
import { afterEach, describe, expect, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import { guard, headerHandler, route, routes, SecurityChain } from '@sallyport/core';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { type DemoServer, listening } from './demo-servers.js';
import { ask, requestText } from './raw-client.js';

const express4: typeof express = require('express4');

/** As much of @koa/router as is used here. */
interface Router {
  get(path: string, ...handlers: Koa.Middleware[]): Router;
  routes(): Koa.Middleware;
}
const { Router }: { Router: new (options?: { prefix: string }) => Router } = require('@koa/router');

const own = guard('own', ({ subject }, { pathParameters }) => pathParameters['userId'] === subject);

/** The guard stands at the operation, or where a route adds it. */
function chainOf(isAtRoute: boolean): SecurityChain {
  const key = headerHandler({ name: 'key', header: 'X-Key', verify: (subject) => ({ subject }) });
  const guards = isAtRoute ? [] : [own];
  const operations = routes([route('GET', '/users/{userId}/notes', { guards })]);
  return new SecurityChain({ requirement: key, operations });
}

type Open = (chain: SecurityChain, guards: readonly [] | readonly [typeof own]) => Promise<DemoServer>;

const expressRows = (name: string, framework: typeof express): readonly (readonly [string, Open])[] => {
  const answer: express.RequestHandler = (_request, response) => void response.send('fine');
  const app = (mount: (app: express.Express) => unknown) => {
    const made = framework();
    mount(made);
    return listening(createServer(made));
  };
  return [
    [
      `${name}, in front of all routes`,
      (chain, guards) => app((made) => made.use(expressSecurity(chain)(...guards), answer)),
    ],
    [
      `${name}, in a route with another name`,
      (chain, guards) => app((made) => made.get('/users/:id/notes', expressSecurity(chain)(...guards), answer)),
    ],
    [
      `${name}, in a route of a mounted router`,
      (chain, guards) =>
        app((made) =>
          made.use('/users', framework.Router().get('/:id/notes', expressSecurity(chain)(...guards), answer)),
        ),
    ],
    [
      `${name}, in a router below a parameter`,
      (chain, guards) =>
        app((made) =>
          made.use('/users/:id', framework.Router().get('/notes', expressSecurity(chain)(...guards), answer)),
        ),
    ],
  ];
};

const ROWS: readonly (readonly [string, Open])[] = [
  [
    'node:http',
    (chain, guards) =>
      listening(createServer(httpSecurity(chain)((_request, response) => response.end('fine'), ...guards))),
  ],
  ...expressRows('Express 4', express4),
  ...expressRows('Express 5', express),
  ...(['', '/users'] as const).map((prefix): readonly [string, Open] => [
    prefix === '' ? 'Koa, in a route' : 'Koa, in a router with a prefix',
    (chain, guards) => {
      const router = new Router(prefix === '' ? undefined : { prefix });
      router.get(`${prefix === '' ? '/users' : ''}/:id/notes`, koaSecurity(chain)(...guards), (context) => {
        context.body = 'fine';
      });
      return listening(createServer(new Koa().use(router.routes()).callback()));
    },
  ]),
  [
    'Fastify, in a route below a prefix',
    async (chain, guards) => {
      const app = Fastify();
      await app.register(fastifySecurity(chain).plugin);
      await app.register(
        async (scope) => {
          scope.get('/:id/notes', { config: { sallyport: { guards } } }, async () => 'fine');
        },
        { prefix: '/users' },
      );
      await app.ready();
      return listening(app.server as Server);
    },
  ],
  [
    'Hono',
    (chain, guards) => {
      const app = new Hono();
      app.get('/users/:id/notes', fetchSecurity(chain).middleware(...guards), (context) => context.text('fine'));
      return listening(serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server);
    },
  ],
];

let server: DemoServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe.each(ROWS)('%s: a guard reads the path parameters of the operation', (_name, open) => {
  const statusOf = async (path: string, key: string): Promise<number> =>
    (await ask(server?.port ?? 0, 'http', requestText('GET', path, [`X-Key: ${key}`, 'Connection: close']))).status;

  test.each([
    ['of the operation', false],
    ['of the route', true],
  ])('a guard %s', async (_where, isAtRoute) => {
    server = await open(chainOf(isAtRoute), isAtRoute ? [own] : []);
    expect(await statusOf('/users/bob/notes', 'bob')).toBe(200);
    expect(await statusOf('/users/bob/notes', 'alice')).toBe(403);
    expect(await statusOf('/users/b%C3%B6b/notes?userId=alice', 'alice')).toBe(403);
  });
});
