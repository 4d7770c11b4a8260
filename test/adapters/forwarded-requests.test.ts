import { once } from 'node:events';
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { afterEach, describe, expect, test } from '@jest/globals';
import { fetchSecurity, principalOf } from '@sallyport/adapters/fetch';
import { anonymous, anyOf, cookieHandler, headerHandler, route, routes, SecurityChain } from '@sallyport/core';
import type { ClientCertificate, SecurityRequest } from '@sallyport/core/extend';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { principalNamed } from '../../packages/core/src/testing/rules/adapter/rule-tokens.js';
import { DemoTokens, demoChain } from './demo-chain.js';
import { closing, type DemoServer } from './demo-servers.js';
import { ask, requestText } from './raw-client.js';

let server: DemoServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function open(fetch: Parameters<typeof serve>[0]['fetch']): Promise<void> {
  const node = serve({ fetch, port: 0, hostname: '127.0.0.1' });
  await once(node, 'listening');
  server = closing(node as Server);
}

async function bodyOf(method: string, target: string, lines: readonly string[] = [], body = ''): Promise<string> {
  const answer = await ask(
    server?.port ?? 0,
    'http',
    requestText(method, target, ['Connection: close', ...lines], body),
  );
  return `${answer.status} ${answer.body.replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '')}`;
}

const bearer = (token: string) => `Authorization: Bearer ${token}`;

describe('a Request that the application makes of a received one', () => {
  /** `/inner` tells who asks it; `/` asks it in every way given, with the bindings of its own request. */
  async function openBatch(...inner: ((received: Request) => RequestInit)[]): Promise<DemoTokens> {
    const tokens = new DemoTokens();
    const keys = headerHandler({ name: 'keys', header: 'x-api-key', verify: (key) => principalNamed(key) });
    const sessions = cookieHandler({ name: 'sessions', cookie: 'session', verify: (id) => principalNamed(id) });
    const requirement = anyOf(tokens, keys, sessions, anonymous());
    const app = new Hono().use(fetchSecurity(new SecurityChain({ requirement })).middleware());
    app.get('/inner', (context) => context.text(principalOf(context).subject || 'nobody'));
    app.get('/', async ({ req, env }) => {
      const answers = inner.map((init) => app.fetch(new Request(new URL('/inner', req.url), init(req.raw)), env));
      return new Response((await Promise.all(answers.map(async (answer) => (await answer).text()))).join());
    });
    await open(app.fetch);
    return tokens;
  }

  test('is judged by its own credentials, in whatever header they stand', async () => {
    await openBatch(
      ({ headers }) => ({ headers }),
      () => ({ headers: { authorization: 'Bearer later.bob' } }),
      () => ({ headers: { 'x-api-key': 'carol' } }),
      () => ({ headers: { cookie: 'session=dave' } }),
      () => ({}),
    );
    expect(await bodyOf('GET', '/', [bearer('now.alice')])).toBe('200 alice,bob,carol,dave,nobody');
    expect(await bodyOf('GET', '/', ['X-Api-Key: alice'])).toBe('200 alice,bob,carol,dave,nobody');
    expect(await bodyOf('GET', '/', ['Cookie: session=alice'])).toBe('200 alice,bob,carol,dave,nobody');
  });

  test('does not change who asked the received one', async () => {
    const app = new Hono().use(fetchSecurity(demoChain()).middleware());
    app.get('/inner', (context) => context.text(principalOf(context.req.raw).subject));
    app.get('/', async (context) => {
      const headers = { authorization: 'Bearer later.bob' };
      const inner = await app.fetch(new Request(new URL('/inner', context.req.url), { headers }), context.env);
      return context.text(`${await inner.text()} for ${principalOf(context).subject}`);
    });
    await open(app.fetch);
    expect(await bodyOf('GET', '/', [bearer('now.alice')])).toBe('200 bob for alice');
  });

  test.each(['Authorization: Bearer now.alice', 'Authorization: Basic YTpi'])(
    'cannot hide that the received one had two Authorization lines: %s (RFC 9110 5.3)',
    async (second) => {
      const secured = fetchSecurity(demoChain())<[object]>(() => new Response('ran'));
      await open((request, bindings) => {
        const headers = { authorization: 'Bearer now.alice' };
        return secured(new Request(new URL('/x', request.url), { headers }), bindings);
      });
      expect(await bodyOf('GET', '/', [bearer('now.alice'), second])).toMatch(/^400 /);
    },
  );

  test('is judged by its own method, where nothing else differs', async () => {
    const operations = routes([
      route('POST', '/x', { requirement: anonymous() }),
      route('DELETE', '/x', { guards: [() => false] }),
    ]);
    const secured = fetchSecurity(demoChain({ operations }))<[object]>(() => new Response('ran'));
    await open(({ url, headers }, bindings) => secured(new Request(url, { method: 'DELETE', headers }), bindings));
    expect(await bodyOf('POST', '/x')).toMatch(/^401 /);
  });

  test('with headers that were changed in place is judged by these as well', async () => {
    const secure = fetchSecurity(demoChain());
    const app = new Hono().use(secure.middleware());
    app.use(async ({ req }, next) => {
      const token = req.query('as');
      if (token === undefined) req.raw.headers.delete('authorization');
      else req.raw.headers.set('authorization', `Bearer ${token}`);
      await next();
    });
    app.get('*', secure.middleware(), (context) => context.text(principalOf(context).subject));
    await open(app.fetch);
    expect(await bodyOf('GET', '/?as=later.bob', [bearer('now.alice')])).toBe('200 bob');
    expect(await bodyOf('GET', '/?as=bad', [bearer('now.alice')])).toMatch(/^401 /);
    expect(await bodyOf('GET', '/', [bearer('now.alice')])).toMatch(/^401 /);
  });

  test.each([
    ['a copy', (request: Request) => new Request(request)],
    ['a clone', (request: Request) => request.clone()],
    ['a copy of its parts', ({ url, headers }: Request) => new Request(url, { headers })],
  ])('is the received one if it says the same: %s', async (_name, copy) => {
    const tokens = new DemoTokens();
    const seen: unknown[] = [];
    const see = (_principal: unknown, { target, remoteAddress }: SecurityRequest) =>
      seen.push(target, remoteAddress) > 0;
    const chain = demoChain({ guards: [see] }, tokens);
    const secured = fetchSecurity(chain)<[object]>((request) => new Response(principalOf(request).subject));
    await open((request, bindings) => secured(copy(request), bindings));
    expect(
      await bodyOf('GET', "/a/%7Bb%7D?c=d|e'", [bearer('now.alice'), 'X-A: 1', 'x-a: 2', 'Cookie: a=b', 'cookie: c=d']),
    ).toBe('200 alice');
    expect([...seen, tokens.verified]).toEqual(["/a/%7Bb%7D?c=d|e'", '127.0.0.1', 1]);
    expect(await bodyOf('GET', '/', [bearer('now.alice'), bearer('now.alice')])).toMatch(/^400 /);
  });

  test('comes from the address of the connection, whatever it says itself', async () => {
    const seen: unknown[] = [];
    const chain = demoChain({ guards: [(_principal, { remoteAddress }) => seen.push(remoteAddress) > 0] });
    const secured = fetchSecurity(chain, { trustedHops: 1 })<[object]>(() => new Response('ran'));
    await open((request, bindings) => {
      const headers = { authorization: 'Bearer now.alice', 'x-forwarded-for': '192.0.2.66' };
      return secured(new Request(new URL('/x', request.url), { headers }), bindings);
    });
    expect(await bodyOf('GET', '/', [bearer('now.alice'), 'X-Forwarded-For: 192.0.2.1'])).toBe('200 ran');
    expect(new Set(seen)).toEqual(new Set(['192.0.2.1']));
  });

  test('has the certificate of the connection only with the headers of the connection', async () => {
    const certificate = { subject: 'CN=client' };
    const seen: unknown[] = [];
    const chain = new SecurityChain({
      requirement: anonymous(),
      guards: [
        (_principal, request) => seen.push((request.clientCertificate() as ClientCertificate | undefined)?.x509) > 0,
      ],
    });
    const secured = fetchSecurity(chain, { allowRewriting: true })<[object]>(() => new Response('ran'));
    const socket = { authorized: true, getPeerX509Certificate: () => certificate };
    const incoming = { method: 'GET', url: '/a', rawHeaders: ['X-A', 'b'], socket, on() {}, off() {} };
    for (const [path, headers] of [
      ['/a', { 'x-a': 'b' }],
      ['/other', { 'x-a': 'b' }],
      ['/a', {}],
      ['/a', { 'x-a': 'b', cookie: 'c' }],
    ] as const) {
      await secured(new Request(`http://localhost${path}`, { headers: { ...headers } }), { incoming });
    }
    expect(seen).toEqual([certificate, certificate, undefined, undefined]);
  });
});

describe('principalOf takes the context of Hono', () => {
  const limited = () => new Hono().post('*', bodyLimit({ maxSize: 100 }), (c) => c.text(principalOf(c).subject));
  const chunked = () =>
    bodyOf('POST', '/', [bearer('later.alice'), 'Transfer-Encoding: chunked'], '1\r\nx\r\n0\r\n\r\n');

  test('behind secure.middleware(), also where its Request was replaced since', async () => {
    await open(new Hono().use(fetchSecurity(demoChain()).middleware()).route('/', limited()).fetch);
    expect(await chunked()).toBe('200 alice');
  });

  test('behind a secured handler, also where its Request was replaced since', async () => {
    await open(fetchSecurity(demoChain())(limited().fetch));
    expect(await chunked()).toBe('200 alice');
  });

  test('and tells nobody of a Request that no chain was asked about', async () => {
    const inner = new Hono().get('*', (context) => context.text(principalOf(context).subject || 'nobody'));
    const app = new Hono().all('*', ({ req, env }) => inner.fetch(new Request(req.raw, { headers: {} }), env));
    await open(fetchSecurity(demoChain())(app.fetch));
    expect(await bodyOf('GET', '/', [bearer('now.alice')])).toBe('200 nobody');
  });
});

test('without allowRewriting, a forwarded request is refused where the received operation is not declared', async () => {
  const chain = demoChain({
    requirement: undefined,
    operations: routes([route('GET', '/pets', { requirement: anonymous() })]),
  });
  const answers = [false, true].map(async (allowRewriting) => {
    const secured = fetchSecurity(chain, { allowRewriting })<[object]>(() => new Response('ran'));
    const incoming = { method: 'GET', url: '/v1/pets', rawHeaders: [], socket: {}, on() {}, off() {} };
    return (await secured(new Request('http://localhost/pets'), { incoming })).status;
  });
  expect(await Promise.all(answers)).toEqual([404, 200]);
});
