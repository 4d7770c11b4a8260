import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { PassThrough } from 'node:stream';
import { serve } from '@hono/node-server';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { NO_PROXIES, NodeRequestSource } from '@sallyport/adapters/extend';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { anonymous, type DecisionEvent, SecurityChain } from '@sallyport/core';
import express from 'express';
import { Hono } from 'hono';
import { discardRest } from '../../packages/adapters/src/node/discarding.js';
import { seen } from './body-servers.js';
import { signatureOf, signatures } from './body-signatures.js';
import { closing, type DemoServer, listening } from './demo-servers.js';
import { ask, requestText } from './raw-client.js';

const LIMIT = 1_000;
const heard: DecisionEvent[] = [];
const chainOf = (name = 'signatures') =>
  new SecurityChain(
    { requirement: { ...signatures(), name }, maxBodyBytes: LIMIT },
    { listeners: [(event) => heard.push(event)] },
  );
const HELLO = '"hello"';

let server: DemoServer | undefined;
afterEach(async () => {
  heard.length = 0;
  await server?.close();
  server = undefined;
});

async function post(app: express.Express, target: string, body = HELLO, signed = body) {
  server = await listening(createServer(app));
  const lines = [signatureOf(signed), 'Content-Type: application/json', `Content-Length: ${body.length}`];
  const { status, body: text } = await ask(server.port, 'http', requestText('POST', target, lines, body));
  return { status, text };
}

describe('in Express, a body', () => {
  const parser = express.json({ strict: false });
  const answer: express.RequestHandler = (request, response) => void response.send(seen(request.body));

  test('is read once for two chains, also where a parser stands between them', async () => {
    const app = express();
    app.use(expressSecurity(chainOf('first'))(), parser, expressSecurity(chainOf('second'))(), answer);
    expect(await post(app, '/')).toEqual({ status: 200, text: seen('hello') });
    expect(heard.map(({ outcome, principal }) => [outcome, principal?.subject])).toEqual([
      ['granted', 'sender'],
      ['granted', 'sender'],
    ]);
  });

  test('is read once where the request was rewritten, and is asked about by both readings (rule 11)', async () => {
    const app = express();
    app.use((request, _response, next) => {
      request.url = '/rewritten';
      next();
    });
    app.use(expressSecurity(chainOf())(), parser, answer);
    expect(await post(app, '/sent')).toEqual({ status: 200, text: seen('hello') });
    expect(heard).toHaveLength(2);
  });

  test('is asked for by the requirement of a route, behind a secure() that needs none', async () => {
    const app = express();
    const secure = expressSecurity(new SecurityChain({ requirement: anonymous() }));
    app.use(secure());
    app.post('/', secure(signatures()), parser, answer);
    expect(await post(app, '/')).toEqual({ status: 200, text: seen('hello') });
    await server?.close();
    expect(await post(app, '/', HELLO, '"jello"')).toMatchObject({ status: 401 });
  });

  test('is asked for by a route whose parser has run: 500, and the event says what it is', async () => {
    const app = express();
    app.use(parser);
    app.post('/', expressSecurity(chainOf())(), answer);
    expect(await post(app, '/')).toMatchObject({ status: 500 });
    expect(heard).toMatchObject([{ fault: { culprit: 'signatures', code: 'ERR_SALLYPORT_BODY_UNREADABLE' } }]);
  });
});

describe('where a Request is all that there is, a body', () => {
  const handler = async (request: Request) => new Response(seen(await request.text()));
  const secured = fetchSecurity(chainOf(), { remoteAddress: () => '192.0.2.1' })(handler);
  const requestOf = (body: string | ReadableStream | null, signed = HELLO, init: object = {}) => {
    const headers = { 'x-signature': signatureOf(signed).slice(13) };
    return new Request('https://api.example/', {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
      ...init,
    } as RequestInit);
  };

  test.each<readonly [string, () => Request, number]>([
    ['is verified, and stays for the application', () => requestOf(HELLO), 200],
    ['that is another one is refused', () => requestOf('"jello"'), 401],
    ['of no bytes is empty', () => requestOf(null, ''), 200],
    ['of a GET request is none', () => requestOf(null, '', { method: 'GET' }), 200],
    ['that is too large is refused', () => requestOf('a'.repeat(LIMIT + 1)), 413],
  ])('%s', async (_what, request, status) => {
    expect((await secured(request())).status).toBe(status);
  });

  test('that never ends is read up to the limit, and the rest of it is discarded within bounds', async () => {
    let pulled = 0;
    let isCancelled = false;
    const chunk = new Uint8Array(4_194_304);
    const endless = new ReadableStream({
      pull: (controller) => {
        pulled += chunk.length;
        controller.enqueue(chunk);
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    expect((await secured(requestOf(endless))).status).toBe(413);
    while (!isCancelled) await new Promise((resolve) => setImmediate(resolve));
    expect(pulled).toBeLessThan(100_000_000);
  });

  test('that breaks off is decided about by nobody', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) });
    expect((await secured(requestOf(broken))).status).toBe(503);
    expect(heard).toMatchObject([{ reason: 'client_gone' }]);
  });

  test.each<readonly [string, (request: Request) => unknown]>([
    ['used', (request) => request.text()],
    ['locked', (request) => request.body?.getReader()],
  ])('that is %s is a bug: 500, told', async (_what, use) => {
    const request = requestOf(HELLO);
    await use(request);
    expect((await secured(request)).status).toBe(500);
    expect(heard).toMatchObject([{ fault: { code: 'ERR_SALLYPORT_BODY_UNREADABLE' } }]);
  });

  test('is read once by several chains, and by a handler that asks for it in Hono', async () => {
    const app = new Hono();
    const security = () => fetchSecurity(chainOf(), { remoteAddress: () => '192.0.2.1' });
    app.use(security().middleware(), security().middleware());
    app.post('/', async ({ req }) => new Response(seen(await req.json())));
    const answer = await app.fetch(requestOf(HELLO));
    expect(await answer.text()).toBe(seen('hello'));
    expect(heard).toHaveLength(2);
  });
});

test('a body that a client sends with GET to Hono is verified as on any server (RFC 9110 9.3.1)', async () => {
  const app = new Hono();
  app.use(fetchSecurity(chainOf()).middleware());
  app.get('/', (context) => context.text('in'));
  const listener = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  await once(listener, 'listening');
  server = closing(listener);
  for (const [signed, status] of [
    [HELLO, 200],
    ['', 401],
  ] as const) {
    const lines = [signatureOf(signed), `Content-Length: ${HELLO.length}`];
    expect((await ask(server.port, 'http', requestText('GET', '/', lines, HELLO))).status).toBe(status);
  }
});

describe('what is left of a refused body is discarded', () => {
  function refused(response: object | undefined) {
    const request = Object.assign(new PassThrough(), { httpVersionMajor: 1 });
    discardRest(request as never, response as never);
    return request;
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const flood = Buffer.alloc(67_108_865);

  test.each<readonly [string, object, string]>([
    ['too large', {}, 'a'.repeat(11)],
    ['declared too large', { 'content-length': '11' }, ''],
  ])('where it is %s', async (_what, headers, sent) => {
    const request = Object.assign(new PassThrough(), { headers, httpVersionMajor: 1, aborted: false });
    request.write(sent);
    const source = new NodeRequestSource(request as never, undefined, NO_PROXIES);
    expect(await source.body(10, new AbortController().signal)).toBe('too_large');
    await turn();
    expect(request.readableFlowing).toBe(true);
    request.end();
  });

  test('where nobody waits for it any more', async () => {
    const request = Object.assign(new PassThrough(), { headers: {}, httpVersionMajor: 1, aborted: false });
    const waiting = new AbortController();
    const body = new NodeRequestSource(request as never, undefined, NO_PROXIES).body(10, waiting.signal);
    await turn();
    waiting.abort();
    expect(await body).toBe('broken_off');
    await turn();
    expect(request.readableFlowing).toBe(true);
    request.end();
  });

  test('up to 64 MiB, and then the connection is closed', async () => {
    const request = refused({ writableFinished: true });
    request.write(flood.subarray(1));
    await turn();
    expect(request.destroyed).toBe(false);
    request.write('a');
    await turn();
    expect(request.destroyed).toBe(true);
  });

  test('and the answer is finished first', async () => {
    const response = new EventEmitter();
    const request = refused(Object.assign(response, { writableFinished: false }));
    request.write(flood);
    await turn();
    expect(request.destroyed).toBe(false);
    response.emit('finish');
    expect(request.destroyed).toBe(true);
  });

  test('for ten seconds, and not beyond its end', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
    try {
      const slow = refused(undefined);
      const whole = refused(undefined);
      whole.end();
      await turn();
      jest.advanceTimersByTime(9_999);
      expect(slow.destroyed).toBe(false);
      jest.advanceTimersByTime(1);
      expect(slow.destroyed).toBe(true);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});
