import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { serve } from '@hono/node-server';
import { expressSecurity, leaseOf } from '@sallyport/adapters/express';
import type { NodeRequest, NodeResponse } from '@sallyport/adapters/extend';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity, type LeaseOptions } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import type { Decider, Lease } from '@sallyport/core';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { stream, streamSSE } from 'hono/streaming';
import Koa from 'koa';

const express4: typeof express = require('express4');
const Koa2: typeof Koa = require('koa2');

export interface LeasedServer {
  readonly port: number;
  close(): Promise<void>;
}

/** What every server does at `/events`, where it streams events, and at `/download`, where it streams a file. */
export interface Streaming {
  /** Called with each lease, once the answer has begun. */
  onLease(lease: Lease): void;
  readonly options?: LeaseOptions;
}

export interface LeasedRow {
  readonly name: string;
  readonly protocol: 'http' | 'h2';
  open(chain: Decider, streaming: Streaming): Promise<LeasedServer>;
}

/** Applications write on until they hear of the end. */
const EVERY_MS = 5;

function typeOf(url: string | undefined): string {
  return url?.startsWith('/events') === true ? 'text/event-stream' : 'application/octet-stream';
}

function keepWriting(write: () => unknown): void {
  write();
  const timer = setInterval(write, EVERY_MS);
  setTimeout(() => clearInterval(timer), 200);
}

async function opened(server: Server, more: () => unknown = () => undefined): Promise<LeasedServer> {
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections?.();
      await new Promise((resolve) => server.close(resolve));
      await more();
    },
  };
}

function node(chain: Decider, { onLease, options }: Streaming) {
  return httpSecurity(chain)<NodeRequest, NodeResponse>((request, response) => {
    const answer = response as ServerResponse;
    answer.writeHead(200, { 'content-type': typeOf(request.url) });
    keepWriting(() => answer.write('data: one\n\n'));
    onLease(leaseOf(request, options));
  });
}

function expressRow(name: string, make: typeof express): LeasedRow {
  return {
    name,
    protocol: 'http',
    open(chain, { onLease, options }) {
      const app = make();
      app.get('/*any'.slice(0, make === express ? 5 : 2), expressSecurity(chain)(), (request, response) => {
        response.type(typeOf(request.url));
        keepWriting(() => response.write('data: one\n\n'));
        onLease(leaseOf(request, options));
      });
      return opened(createServer(app));
    },
  };
}

function koaRow(name: string, Application: typeof Koa): LeasedRow {
  return {
    name,
    protocol: 'http',
    open(chain, { onLease, options }) {
      const app = new Application();
      app.silent = true;
      app.use(koaSecurity(chain)());
      app.use((context) => {
        const body = new PassThrough();
        context.type = typeOf(context.url);
        context.body = body;
        keepWriting(() => body.writable && body.write('data: one\n\n'));
        onLease(leaseOf(context, options));
      });
      return opened(createServer(app.callback()));
    },
  };
}

function fastifyRow(name: string, isHijacked: boolean): LeasedRow {
  return {
    name,
    protocol: 'http',
    async open(chain, { onLease, options }) {
      const app = Fastify();
      await app.register(fastifySecurity(chain).plugin);
      app.get('*', (request, reply) => {
        const body = new PassThrough();
        if (isHijacked) {
          reply.hijack();
          reply.raw.writeHead(200, { 'Content-Type': typeOf(request.url) });
          keepWriting(() => reply.raw.write('data: one\n\n'));
        } else {
          keepWriting(() => body.writable && body.write('data: one\n\n'));
          reply.type(typeOf(request.url)).send(body);
        }
        onLease(leaseOf(request, options));
      });
      await app.listen({ port: 0, host: '127.0.0.1' });
      return opened(app.server, () => app.close());
    },
  };
}

const HONO: LeasedRow = {
  name: 'Hono',
  protocol: 'http',
  async open(chain, { onLease, options }) {
    const app = new Hono();
    app.use(fetchSecurity(chain).middleware());
    app.get('/events', (c) =>
      streamSSE(c, async (events) => {
        const lease = leaseOf(c, options);
        onLease(lease);
        while (lease.ended === undefined) {
          await events.writeSSE({ data: 'one' });
          await events.sleep(EVERY_MS);
        }
      }),
    );
    app.get('/download', (c) =>
      stream(c, async (download) => {
        const lease = leaseOf(c, options);
        onLease(lease);
        while (!download.aborted) {
          await download.write('data: one\n\n');
          await download.sleep(EVERY_MS);
        }
      }),
    );
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
    await once(server, 'listening');
    return opened(server);
  },
};

export const LEASED_SERVERS: readonly LeasedRow[] = [
  { name: 'node:http', protocol: 'http', open: (chain, streaming) => opened(createServer(node(chain, streaming))) },
  {
    name: 'node:http2',
    protocol: 'h2',
    open: (chain, streaming) => {
      const server = createHttp2Server(node(chain, streaming));
      const sessions = new Set<{ destroy(): void }>();
      server.on('session', (session) => sessions.add(session));
      return opened(server as unknown as Server).then(({ port, close }) => ({
        port,
        close: () => {
          for (const session of sessions) session.destroy();
          return close();
        },
      }));
    },
  },
  expressRow('Express 5', express),
  expressRow('Express 4', express4),
  koaRow('Koa 3', Koa),
  koaRow('Koa 2', Koa2),
  fastifyRow('Fastify', false),
  fastifyRow('Fastify, hijacked', true),
  HONO,
];
