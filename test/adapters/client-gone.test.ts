import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { httpSecurity, upgradeSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import { SecurityChain } from '@sallyport/core';
import express from 'express';
import Fastify from 'fastify';
import Koa from 'koa';
import { DemoTokens, demoChain } from './demo-chain.js';
import { RawClient, requestText } from './raw-client.js';

const HELD = ['Authorization: Bearer held.alice'];
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function listen(listening: Server): Promise<number> {
  server = listening;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function until(isSo: () => boolean): Promise<void> {
  const giveUp = performance.now() + 3_000;
  while (!isSo()) {
    if (performance.now() > giveUp) throw new Error('it never came so far');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a client that goes away ends the decision about its request', () => {
  test('when it is gone before the chain is asked', async () => {
    const reasons: (string | undefined)[] = [];
    const chain = new SecurityChain(
      { requirement: new DemoTokens() },
      { listeners: [({ reason }) => void reasons.push(reason)] },
    );
    const secured = httpSecurity(chain)(() => reasons.push('let in'));
    const port = await listen(
      createServer((request, response) => response.once('close', () => secured(request, response))),
    );
    const client = await RawClient.connect(port);
    client.send(requestText('GET', '/', HELD));
    await once(server as Server, 'request');
    client.close();
    await until(() => reasons.length > 0);
    expect(reasons).toEqual(['client_gone']);
  });

  test('when another request of its connection is still to be answered (RFC 9112 9.3.2)', async () => {
    const tokens = new DemoTokens();
    const port = await listen(createServer(httpSecurity(demoChain({}, tokens))(() => {})));
    const client = await RawClient.connect(port);
    client.send(requestText('GET', '/', HELD).repeat(3));
    await until(() => tokens.held.length === 3);
    client.close();
    await until(() => tokens.aborted === 3);
  });

  test('when it resets its stream (RFC 9113 6.4), and no other stream of the connection', async () => {
    const tokens = new DemoTokens();
    const secured = httpSecurity(demoChain({}, tokens));
    const plain = createHttp2Server(secured((_request, response) => void response.end('let in')) as never);
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const session = connect(`http://127.0.0.1:${(plain.address() as AddressInfo).port}`);
    const open = () => session.request({ authorization: 'Bearer held.alice' });
    const [reset, kept] = [open(), open()];
    await until(() => tokens.held.length === 2);
    reset.close(8);
    await until(() => tokens.aborted === 1);
    for (const letGo of tokens.held) letGo();
    const [headers] = await once(kept, 'response');
    expect([headers[':status'], tokens.aborted]).toEqual([200, 1]);
    session.destroy();
    plain.close();
  });

  test('when it is gone before its upgrade is decided', async () => {
    const reasons: (string | undefined)[] = [];
    const chain = new SecurityChain(
      { requirement: new DemoTokens() },
      { listeners: [({ reason }) => void reasons.push(reason)] },
    );
    const secured = upgradeSecurity(chain)(() => reasons.push('let in'));
    const upgrading = createServer().on('upgrade', (request, socket, head) => {
      socket.once('error', () => {}).once('close', () => secured(request, socket, head));
    });
    const client = await RawClient.connect(await listen(upgrading));
    const arrived = once(upgrading, 'upgrade');
    client.send(requestText('GET', '/', ['Connection: Upgrade', 'Upgrade: websocket', ...HELD]));
    await arrived;
    client.socket.resetAndDestroy();
    await until(() => reasons.length > 0);
    expect(reasons).toEqual(['client_gone']);
  });
});

/** What each framework's users write: something in front answers by itself while the chain decides. */
const IMPATIENT: Record<string, (chain: SecurityChain, run: () => void) => Promise<Server> | Server> = {
  'node:http': (chain, run) => {
    const secured = httpSecurity(chain)(run);
    return createServer((request: IncomingMessage, response: ServerResponse) => {
      secured(request, response);
      response.writeHead(503).end('too late');
    });
  },
  Express: (chain, run) => {
    const app = express();
    app.use((_request, response, next) => {
      next();
      response.status(503).send('too late');
    });
    app.use(expressSecurity(chain)(), run);
    return createServer(app);
  },
  Fastify: async (chain, run) => {
    const app = Fastify();
    app.addHook('onRequest', (_request, reply, done) => {
      done();
      reply.code(503).send('too late');
    });
    await app.register(fastifySecurity(chain).plugin);
    app.get('/', async () => run());
    await app.ready();
    return app.server;
  },
  Koa: (chain, run) => {
    const app = new Koa();
    app.use((context, next) => {
      const rest = next();
      context.res.writeHead(503).end('too late');
      return rest;
    });
    app.use(koaSecurity(chain)());
    app.use(run);
    return createServer(app.callback());
  },
};

test.each(Object.entries(IMPATIENT))(
  '%s: a request that was answered during its decision is not let in on top of it',
  async (_name, open) => {
    const tokens = new DemoTokens();
    let runs = 0;
    const port = await listen(
      await open(demoChain({}, tokens), () => {
        runs += 1;
      }),
    );
    const client = await RawClient.connect(port);
    for (const token of ['held.alice', 'later.bob']) {
      client.send(requestText('GET', '/', [`Authorization: Bearer ${token}`]));
      expect((await client.answer()).status).toBe(503);
      for (const letGo of tokens.held) letGo();
    }
    client.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toBe(0);
  },
);

test('header lines of a grant come too late for an answer that has begun, and hurt nobody', async () => {
  const secured = httpSecurity(demoChain())((_request, response) => void response.end('let in'));
  const port = await listen(
    createServer((request, response) => {
      response.writeHead(200, { 'content-length': 6 }).flushHeaders();
      secured(request, response);
    }),
  );
  const client = await RawClient.connect(port);
  client.send(requestText('GET', '/', ['Authorization: Bearer nonce.alice']));
  expect((await client.answer()).body).toBe('let in');
  client.close();
});

test('a refusal comes too late for an answer that has begun, and hurts nobody', async () => {
  const failures: unknown[] = [];
  const secured = httpSecurity(demoChain())(() => {});
  const port = await listen(
    createServer((request, response) => {
      response.writeHead(200, { 'content-length': 5 }).flushHeaders();
      try {
        secured(request, response);
      } catch (error) {
        failures.push(error);
      }
      response.end('begun');
    }),
  );
  const client = await RawClient.connect(port);
  client.send(requestText('GET', '/', []));
  expect((await client.answer()).body).toBe('begun');
  expect(failures).toEqual([]);
  client.close();
});
