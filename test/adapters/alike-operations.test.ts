import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { afterEach, describe, expect, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { koaSecurity } from '@sallyport/adapters/koa';
import { anonymous, requireScopes, route, routes, type SecurityChain } from '@sallyport/core';
import { type Operation } from '@sallyport/core/extend';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { demoChain } from './demo-chain.js';
import { ask, requestText } from './raw-client.js';

const express4: typeof express = require('express4');

/** As much of @koa/router as is used here. */
interface Router {
  get(path: string, handler: Koa.Middleware): Router;
  head(path: string, handler: Koa.Middleware): Router;
  routes(): Koa.Middleware;
}
const { Router }: { Router: new () => Router } = require('@koa/router');

/** `GET /files/:id`: a route of an application, in the order in which it is declared. */
type Route = `${'GET' | 'HEAD'} /${string}`;

/** An application that is secured as a whole; what a route runs tells its name in the header `X-Ran`. */
type Open = (chain: SecurityChain, declared: readonly Route[]) => Server | Promise<Server>;

function split(declared: Route): { method: 'get' | 'head'; path: string } {
  const [method = '', path = ''] = declared.split(' ');
  return { method: method.toLowerCase() as 'get' | 'head', path };
}

const withExpress =
  (framework: typeof express): Open =>
  (chain, declared) => {
    const app = framework();
    app.use(expressSecurity(chain)());
    for (const each of declared) {
      const { method, path } = split(each);
      app[method](path, (_request, response) => void response.set('X-Ran', each).send('fine'));
    }
    return createServer(app);
  };

const withKoa: Open = (chain, declared) => {
  const app = new Koa();
  app.use(koaSecurity(chain)());
  const router = new Router();
  for (const each of declared) {
    const { method, path } = split(each);
    router[method](path, (context) => {
      context.set('X-Ran', each);
      context.body = 'fine';
    });
  }
  return createServer(app.use(router.routes()).callback());
};

const withFastify =
  (routerOptions: { caseSensitive?: boolean; ignoreTrailingSlash?: boolean }): Open =>
  async (chain, declared) => {
    const app = Fastify({ routerOptions });
    const secure = fastifySecurity(chain);
    await app.register(secure.plugin);
    // A GET route brings one for HEAD along unless there is one.
    const inOrder = [...declared].sort((a, b) => Number(b.startsWith('HEAD')) - Number(a.startsWith('HEAD')));
    for (const each of inOrder) {
      const { method, path } = split(each);
      app[method](path, async (_request, reply) => reply.header('X-Ran', each).send('fine'));
    }
    await app.ready();
    return app.server;
  };

const withHono: Open = (chain, declared) => {
  const app = new Hono();
  app.use(fetchSecurity(chain).middleware());
  for (const each of declared) {
    const { method, path } = split(each);
    app.on(method.toUpperCase(), path, (context) => context.text('fine', 200, { 'X-Ran': each }));
  }
  return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
};

const FRAMEWORKS: readonly (readonly [string, Open])[] = [
  ['Express 4', withExpress(express4)],
  ['Express 5', withExpress(express)],
  ['Koa with its router', withKoa],
  ['Fastify', withFastify({})],
  ['Fastify, neither case nor slashes', withFastify({ caseSensitive: false, ignoreTrailingSlash: true })],
  ['Hono', withHono],
];

const ORDERS = requireScopes('orders:read');
let server: Server | undefined;

afterEach(async () => {
  const open = server;
  server = undefined;
  open?.closeAllConnections();
  if (open !== undefined) await new Promise((resolve) => open.close(resolve));
});

describe.each(FRAMEWORKS)('%s: a handler runs under the operation that it is', (_name, open) => {
  async function start(operations: readonly Operation[], declared: readonly Route[], isOpen = false): Promise<void> {
    const options = isOpen ? { requirement: anonymous() } : {};
    server = await open(demoChain({ operations: routes(operations), ...options }), declared);
    if (server.listening) return;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }

  /** What ran, if anything did, and the status. */
  async function run(method: string, path: string, token?: string): Promise<readonly [number, string | undefined]> {
    if (server === undefined) throw new Error('no server');
    const { port } = server.address() as AddressInfo;
    const lines = token === undefined ? [] : [`Authorization: Bearer ${token}`];
    const answer = await ask(port, 'http', requestText(method, path, [...lines, 'Connection: close']));
    return [answer.status, answer.lines.map((line) => /^x-ran: (.*)$/i.exec(line)?.[1]).find((ran) => ran)];
  }

  const FILES = [
    route('HEAD', '/files/{id}', { requirement: anonymous() }),
    route('GET', '/files/{id}'),
    route('GET', '/files/secret', { guards: [ORDERS] }),
  ];
  const orders: readonly (readonly Route[])[] = [
    ['GET /files/secret', 'HEAD /files/:id', 'GET /files/:id'],
    ['HEAD /files/:id', 'GET /files/secret', 'GET /files/:id'],
    ['GET /files/secret', 'GET /files/:id', 'HEAD /files/:id'],
  ];

  test.each(orders)(
    'HEAD has to satisfy the operation for GET too [RFC 9110 9.3.2]: %s, %s, %s',
    async (...declared) => {
      await start(FILES, declared);
      for (const path of ['/files/secret', '/files/7']) expect(await run('HEAD', path)).toEqual([401, undefined]);
      expect(await run('HEAD', '/files/secret', 'now.bob')).toEqual([403, undefined]);
      expect((await run('HEAD', '/files/secret', 'now.alice'))[0]).toBe(200);
      expect((await run('HEAD', '/files/7', 'now.bob'))[0]).toBe(200);
    },
  );

  test.each([
    ['GET /:tenant/admin', 'GET /public/:page'],
    ['GET /public/:page', 'GET /:tenant/admin'],
  ] as const)('nor under one that merely covers the same path, declared as %s, %s', async (...declared) => {
    await start(
      [
        route('GET', '/{tenant}/admin', { guards: [ORDERS] }),
        route('GET', '/public/{page}', { requirement: anonymous() }),
      ],
      declared,
    );
    for (const path of ['/public/admin', '/public/Admin', '/PUBLIC/admin', '/public/admin/']) {
      for (const method of ['GET', 'HEAD']) {
        for (const token of [undefined, 'now.bob']) {
          expect((await run(method, path, token))[1]).not.toBe('GET /:tenant/admin');
        }
      }
    }
    expect((await run('GET', '/public/admin', 'now.alice'))[0]).toBe(200);
    expect(await run('GET', '/public/start')).toEqual([200, 'GET /public/:page']);
    expect(await run('GET', '/acme/admin', 'now.bob')).toEqual([403, undefined]);
  });

  const spellings: readonly (readonly [string, readonly Operation[], Route, readonly string[]])[] = [
    [
      'capitals in the template',
      [route('GET', '/Admin', { guards: [ORDERS] })],
      'GET /Admin',
      ['/Admin', '/admin', '/ADMIN', '/Admin/', '/admin/'],
    ],
    [
      'capitals behind a parameter',
      [route('GET', '/{tenant}/petStore', { guards: [ORDERS] })],
      'GET /:tenant/petStore',
      ['/a/petStore', '/a/petstore', '/A/PetStore', '/a/petstore/'],
    ],
    [
      'a slash at the end of the template',
      [route('GET', '/shop/', { guards: [ORDERS] })],
      'GET /shop/',
      ['/shop/', '/shop', '/SHOP'],
    ],
    [
      'a template that covers the spelling',
      [route('GET', '/{page}/', { requirement: anonymous() }), route('GET', '/admin', { guards: [ORDERS] })],
      'GET /admin',
      ['/admin', '/admin/', '/ADMIN', '/Admin/'],
    ],
    [
      'a template that covers the plain path',
      [route('GET', '/{page}', { requirement: anonymous() }), route('GET', '/admin/', { guards: [ORDERS] })],
      'GET /admin/',
      ['/admin', '/admin/', '/ADMIN'],
    ],
    [
      'a parameter beside the capitals',
      [route('GET', '/files/{id}', { requirement: anonymous() }), route('GET', '/files/Secret', { guards: [ORDERS] })],
      'GET /files/Secret',
      ['/files/Secret', '/files/secret', '/files/SECRET'],
    ],
  ];

  test.each(spellings)('in every spelling of the path: %s', async (_what, operations, declared, paths) => {
    await start(operations, [declared], true);
    for (const path of paths) {
      for (const method of ['GET', 'HEAD']) {
        const [, ran] = await run(method, path);
        expect({ method, path, ran }).toEqual({ method, path, ran: undefined });
      }
    }
  });
});

test('fetch: a method in other letters runs nothing, although `Request` keeps it as it is [RFC 9110 9.1]', async () => {
  const secure = fetchSecurity(demoChain({ requirement: anonymous() }));
  const listener = secure(() => new Response('it ran'));
  const statusOf = async (method: string) => (await listener(new Request('http://localhost/', { method }))).status;
  expect([await statusOf('query'), await statusOf('Propfind'), await statusOf('QUERY')]).toEqual([400, 400, 200]);
});
