import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BackChannelLogout } from '@sallyport/handlers/revocation';
import express from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { logoutToken, ReceiverUnderTest } from './logout-fixture.js';

const PATH = '/backchannel-logout';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** A server, and what stops it. */
interface Mounted {
  readonly url: string;
  readonly close: () => Promise<unknown>;
}

async function listening(server: Server): Promise<Mounted> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`, close };
}

const SERVERS: Readonly<Record<string, (logout: BackChannelLogout) => Promise<Mounted>>> = {
  'node:http': (logout) => listening(createServer((request, response) => logout.node(request, response))),
  Express(logout) {
    const app = express();
    app.post(PATH, (request, response) => logout.node(request, response));
    return listening(createServer(app));
  },
  'Express behind a parser'(logout) {
    const app = express();
    app.use(express.urlencoded({ extended: false }));
    app.post(PATH, (request, response) => logout.node(request, response));
    return listening(createServer(app));
  },
  'Express behind a parser of other bodies'(logout) {
    const app = express();
    app.use(express.json());
    app.post(PATH, (request, response) => logout.node(request, response));
    return listening(createServer(app));
  },
  'Express 4 behind a parser'(logout) {
    const app = express4();
    app.use(express4.urlencoded({ extended: false }));
    app.post(PATH, (request, response) => logout.node(request, response));
    return listening(createServer(app));
  },
  'Express 4 behind parsers of other bodies, which leave an empty object'(logout) {
    const app = express4();
    app.use(express4.json(), express4.text(), express4.raw());
    app.post(PATH, (request, response) => logout.node(request, response));
    return listening(createServer(app));
  },
  async Fastify(logout) {
    const app = fastify();
    app.register(async (scope) => {
      scope.addContentTypeParser('application/x-www-form-urlencoded', (_request, _body, done) => done(null));
      scope.post(PATH, (request, reply) => {
        reply.hijack();
        return logout.node(request.raw, reply.raw);
      });
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return { url: `${url}${PATH}`, close: () => app.close() };
  },
  Koa(logout) {
    const app = new Koa();
    app.use((context) => {
      context.respond = false;
      return logout.node(context.req, context.res);
    });
    return listening(createServer(app.callback()));
  },
};

let subject: ReceiverUnderTest;
let mounted: Mounted | undefined;

afterEach(async () => {
  await mounted?.close();
  mounted = undefined;
  subject.close();
});

describe.each(Object.entries(SERVERS))('mounted in %s', (_name, mount) => {
  const start = async () => {
    subject = new ReceiverUnderTest();
    mounted = await mount(subject.receiver);
    return mounted.url;
  };

  test('a logout token is 200 with Cache-Control: no-store, and once (Back-Channel Logout 1.0 2.8)', async () => {
    const url = await start();
    const send = () => fetch(url, { method: 'POST', headers: FORM, body: `logout_token=${logoutToken()}` });
    const answer = await send();
    expect([answer.status, answer.headers.get('cache-control'), await answer.text()]).toEqual([200, 'no-store', '']);
    expect(subject.revocations.size).toBe(2);
    const again = await send();
    expect(again.status).toBe(400);
    expect(again.headers.get('content-type')).toBe('application/json');
    expect(await again.json()).toMatchObject({ error: 'invalid_request' });
  });

  test('a large body is 413', async () => {
    const url = await start();
    const body = `logout_token=${'x'.repeat(40_000)}`;
    expect((await fetch(url, { method: 'POST', headers: FORM, body })).status).toBe(413);
    expect(subject.revocations.size).toBe(0);
  });
});

describe('mounted in Hono, or where requests are those of Fetch', () => {
  const ask = (body: string, method = 'POST') => {
    const app = new Hono();
    app.all(PATH, ({ req }) => subject.receiver.fetch(req.raw));
    return app.request(PATH, { method, headers: FORM, ...(method === 'POST' && { body }) });
  };

  test('a logout token is 200, and once', async () => {
    subject = new ReceiverUnderTest();
    const body = `logout_token=${logoutToken()}`;
    expect((await ask(body)).status).toBe(200);
    expect((await ask(body)).status).toBe(400);
  });

  test('a large body is 413, another method 405', async () => {
    subject = new ReceiverUnderTest();
    expect((await ask(`logout_token=${'x'.repeat(40_000)}`)).status).toBe(413);
    const other = await ask('', 'GET');
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
