import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { serve } from '@hono/node-server';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import type { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity, upgradeSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import { mcpSecurity } from '@sallyport/adapters/mcp';
import { anonymous, type Decider, type Principal, type Requirement } from '@sallyport/core';
import express from 'express';
import Fastify from 'fastify';
import Koa from 'koa';
import { answerTo, type DemoOptions, digestOf, fail, headersFor, honoApplication, ORDERS } from './demo-application.js';
import { testCertificate } from './test-certificate.js';

const express4: typeof express = require('express4');
const Koa2: typeof Koa = require('koa2');

/** A server of some framework that listens. All of them answer alike: see `answerTo`. */
export interface DemoServer {
  readonly port: number;
  close(): Promise<void>;
}

/** One row of the rules of adapters: a framework in one version, on one protocol. */
export interface AdapterRow {
  readonly name: string;
  readonly protocol: 'http' | 'https' | 'h2';
  /** Fetch holds lines of one name joined by comma, whatever the adapter does (RFC 9110 5.3). */
  readonly joinsLines?: true;
  /** The guards of its route are there when the chain decides: nothing in front of the route decides before. */
  readonly decidesInRoute?: true;
  /** `/keys` adds the requirement. */
  open(chain: Decider, options?: DemoOptions, requirement?: Requirement): Promise<DemoServer>;
}

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

/** The listener of the node:http rows, written as their users write it. */
function nodeListener(
  chain: Decider,
  options: DemoOptions,
  requirement: Requirement,
  mount: typeof httpSecurity = httpSecurity,
): (request: AnyRequest, response: AnyResponse) => void {
  const secure = mount(chain, options);
  const answer = async (request: AnyRequest, response: AnyResponse, principal: Principal) => {
    const isEcho = request.url?.startsWith('/echo') === true;
    const text = answerTo(request.method, principal, isEcho ? await digestOf(request as Readable) : undefined);
    response.writeHead(200, headersFor(text));
    response.end(text);
  };
  const answerOrFail = (request: AnyRequest, response: AnyResponse, principal: Principal) => {
    // Nothing else would answer an error of a listener.
    if (request.url === '/fails') response.writeHead(500).end();
    else void answer(request, response, principal);
  };
  const orders = secure(answer, ORDERS);
  const keyed = secure(answer, requirement);
  const keys = secure((request: AnyRequest, response: AnyResponse) => keyed(request, response));
  const others = secure(answerOrFail);
  return (request, response) => {
    const { url = '' } = request;
    const listener = /^\/orders(?:\?|$)/.test(url) ? orders : url === '/keys' ? keys : others;
    listener(request, response);
  };
}

function expressApp(
  framework: typeof express,
  chain: Decider,
  options: DemoOptions,
  requirement: Requirement,
  mount: typeof expressSecurity = expressSecurity,
): express.Express {
  const secure = mount(chain, options);
  const app = framework().disable('x-powered-by');
  app.use(secure());
  const send = (request: express.Request, response: express.Response, body?: string) => {
    const text = answerTo(request.method, principalOf(request), body);
    response.writeHead(200, headersFor(text)).end(text);
  };
  app.use('/echo', (request, response) => void digestOf(request).then((body) => send(request, response, body)));
  app.all('/orders', secure(ORDERS), (request, response) => send(request, response));
  app.all('/keys', secure(requirement), (request, response) => send(request, response));
  app.all('/fails', fail);
  app.set('env', 'test');
  app.use((request, response) => send(request, response));
  return app;
}

function koaApp(framework: typeof Koa, chain: Decider, options: DemoOptions, requirement: Requirement): Koa {
  const secure = koaSecurity(chain, options);
  const app = new framework();
  app.silent = true;
  app.use(secure());
  const orders = secure(ORDERS);
  const keys = secure(requirement);
  app.use((context, next) => (context.path === '/orders' ? orders(context, next) : next()));
  app.use((context, next) => (context.path === '/keys' ? keys(context, next) : next()));
  app.use(async (context) => {
    if (context.path === '/fails') fail();
    const body = context.path.startsWith('/echo') ? await digestOf(context.req) : undefined;
    const text = answerTo(context.method, principalOf(context), body);
    context.set(headersFor(text));
    context.body = text;
  });
  return app;
}

async function openFastify(chain: Decider, options: DemoOptions, requirement: Requirement): Promise<DemoServer> {
  const secure = fastifySecurity(chain, options);
  const app = Fastify({ frameworkErrors: secure.frameworkErrors, exposeHeadRoutes: false });
  await app.register(secure.plugin);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  const answer = async (request: { method: string; url: string; body?: unknown }) => {
    const body = request.body as Readable | undefined;
    const isEcho = request.url.startsWith('/echo');
    return answerTo(request.method, principalOf(request), isEcho ? await digestOf(body ?? []) : undefined);
  };
  app.all('/orders', { config: { sallyport: { guards: [ORDERS] } } }, async (request, reply) => {
    const text = await answer(request);
    return reply.headers(headersFor(text)).send(text);
  });
  app.all('/keys', { onRequest: secure(requirement) }, async (request, reply) => {
    const text = await answer(request);
    return reply.headers(headersFor(text)).send(text);
  });
  app.all('/fails', async () => fail());
  app.setNotFoundHandler(async (request, reply) => {
    const text = await answer(request);
    return reply.code(200).headers(headersFor(text)).send(text);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  return {
    port,
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

async function openHono(
  chain: Decider,
  options: DemoOptions,
  requirement: Requirement,
  mount?: typeof fetchSecurity,
): Promise<DemoServer> {
  const fetch = honoApplication(chain, options, requirement, mount);
  const server = serve({ fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  return closing(server as Server);
}

/** Starts a server on a free port, and remembers its connections so that closing it leaves none. */
export async function listening(server: Server | Http2SecureServer): Promise<DemoServer> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return closing(server);
}

export function closing(server: Server | Http2SecureServer): DemoServer {
  const sockets = new Set<Socket>();
  for (const event of ['connection', 'secureConnection']) {
    server.on(event, (socket: Socket) => sockets.add(socket.once('close', () => sockets.delete(socket))));
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function openHttp2(chain: Decider, options: DemoOptions, requirement: Requirement): Promise<DemoServer> {
  const server = createSecureServer(
    { ...(await testCertificate()), allowHTTP1: true },
    nodeListener(chain, options, requirement),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return closing(server);
}

export const ADAPTERS: readonly AdapterRow[] = [
  {
    name: 'node:http',
    protocol: 'http',
    decidesInRoute: true,
    open: (chain, options = {}, requirement = anonymous()) => {
      const { allowPreflight: _none, ...forUpgrades } = options;
      const upgraded = upgradeSecurity(
        chain,
        forUpgrades,
      )((_request, socket, _head, principal) => {
        const head = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: rules'];
        socket.end(`${[...head, `Upgraded-By: ${principal.subject}`].join('\r\n')}\r\n\r\n`);
      });
      return listening(createServer(nodeListener(chain, options, requirement)).on('upgrade', upgraded));
    },
  },
  {
    name: 'node:https',
    protocol: 'https',
    decidesInRoute: true,
    open: async (chain, options = {}, requirement = anonymous()) =>
      listening(createHttpsServer(await testCertificate(), nodeListener(chain, options, requirement))),
  },
  {
    name: 'node:http2',
    protocol: 'h2',
    decidesInRoute: true,
    open: (chain, options = {}, requirement = anonymous()) => openHttp2(chain, options, requirement),
  },
  {
    name: 'Express 4',
    protocol: 'http',
    open: (chain, options = {}, requirement = anonymous()) =>
      listening(createServer(expressApp(express4, chain, options, requirement))),
  },
  {
    name: 'Express 5',
    protocol: 'http',
    open: (chain, options = {}, requirement = anonymous()) =>
      listening(createServer(expressApp(express, chain, options, requirement))),
  },
  {
    name: 'Fastify 5',
    protocol: 'http',
    decidesInRoute: true,
    open: (chain, options = {}, requirement = anonymous()) => openFastify(chain, options, requirement),
  },
  {
    name: 'Koa 2',
    protocol: 'http',
    open: (chain, options = {}, requirement = anonymous()) =>
      listening(createServer(koaApp(Koa2, chain, options, requirement).callback())),
  },
  {
    name: 'Koa 3',
    protocol: 'http',
    open: (chain, options = {}, requirement = anonymous()) =>
      listening(createServer(koaApp(Koa, chain, options, requirement).callback())),
  },
  {
    name: 'fetch (Hono)',
    protocol: 'http',
    joinsLines: true,
    open: (chain, options = {}, requirement = anonymous()) => openHono(chain, options, requirement),
  },
];

/** As the adapter for MCP mounts a chain. It needs a resource, which the rules do not give every chain: it is told of one at once. */
function mcp(chain: Decider, { onDenied: _none, ...options }: DemoOptions = {}) {
  if (typeof chain?.decide !== 'function') return mcpSecurity(chain);
  let isAsked = false;
  const published: NonNullable<Decider['published']> = (method, target) => {
    if (isAsked) return chain.published?.(method, target);
    isAsked = true;
    return { status: 200, headers: [], body: '{"resource":"https://api.example"}' };
  };
  const told = new Proxy(chain, {
    get(target, name) {
      const value: unknown = name === 'published' ? published : Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return mcpSecurity(told, { ...options, anyAudience: true });
}

const mcpInExpress = ((chain: Decider, options?: DemoOptions) => mcp(chain, options).express) as typeof expressSecurity;
const mcpInHttp = ((chain: Decider, options?: DemoOptions) => {
  const secure = mcp(chain, options);
  type Listener = (request: AnyRequest, response: AnyResponse, principal: Principal) => void;
  return (listener: Listener, ...demands: []) =>
    secure.http<AnyRequest, AnyResponse>(
      (request, response) => listener(request, response, principalOf(request)),
      ...demands,
    );
}) as typeof httpSecurity;
const mcpInFetch = ((chain: Decider, options?: DemoOptions) => {
  const secure = mcp(chain, options);
  return Object.assign(secure.fetch, { middleware: secure.hono });
}) as unknown as typeof fetchSecurity;

/** The adapter for MCP, on what it stands on. */
export const MCP_ADAPTERS: readonly AdapterRow[] = [
  {
    name: 'MCP in node:http',
    protocol: 'http',
    decidesInRoute: true,
    open: (chain, options = {}, requirement = anonymous()) =>
      listening(createServer(nodeListener(chain, options, requirement, mcpInHttp))),
  },
  {
    name: 'MCP in node:http2',
    protocol: 'h2',
    decidesInRoute: true,
    open: async (chain, options = {}, requirement = anonymous()) =>
      listening(
        createSecureServer({ ...(await testCertificate()) }, nodeListener(chain, options, requirement, mcpInHttp)),
      ),
  },
  ...(
    [
      ['MCP in Express 4', express4],
      ['MCP in Express 5', express],
    ] as const
  ).map(
    ([name, framework]): AdapterRow => ({
      name,
      protocol: 'http',
      open: (chain, options = {}, requirement = anonymous()) =>
        listening(createServer(expressApp(framework, chain, options, requirement, mcpInExpress))),
    }),
  ),
  {
    // What its server answers by itself is known by this name.
    name: 'fetch (Hono)',
    protocol: 'http',
    joinsLines: true,
    open: (chain, options = {}, requirement = anonymous()) => openHono(chain, options, requirement, mcpInFetch),
  },
];
