import { EventEmitter, once } from 'node:events';
import { createServer, IncomingMessage, type RequestListener } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import {
  headerLinesOf,
  NO_PROXIES,
  type NodeRequest,
  NodeRequestSource,
  TrustedProxies,
} from '@sallyport/adapters/extend';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { httpSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import { anonymous, headerHandler, route, routes, SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import express, { type RequestHandler } from 'express';
import Fastify from 'fastify';
import Koa from 'koa';
import inject from 'light-my-request';
import { createMocks, type RequestOptions } from 'node-mocks-http';
import { signatureOf, signatures } from '../body-signatures.js';
import { DemoTokens, demoChain } from '../demo-chain.js';
import { listening } from '../demo-servers.js';
import { ask, requestText } from '../raw-client.js';

const express4: typeof express = require('express4');

/** A request that somebody made out of parts. */
const made = (parts: object) => parts as NodeRequest;
const linesOf = (headers: object, rawHeaders?: readonly string[]) => headerLinesOf(made({ headers, rawHeaders }));
const sourceOf = (parts: object) => new NodeRequestSource(made(parts), undefined, NO_PROXIES);

describe('header lines of a request that a host made', () => {
  test.each<[string, object, readonly string[]]>([
    ['a list is several lines', { cookie: ['a=1', 'b=2'] }, ['cookie', 'a=1', 'cookie', 'b=2']],
    ['names keep their case', { 'X-API-Key': 'k' }, ['X-API-Key', 'k']],
    ['an absent value is no line', { authorization: undefined, 'x-api-key': null, cookie: [] }, []],
    ['a number is a text', { 'content-length': 7 }, ['content-length', '7']],
  ])('%s', (_, headers, lines) => {
    expect(linesOf(headers)).toEqual(lines);
    expect(linesOf(headers, [])).toEqual(lines);
  });

  test('raw header lines are taken alone, if there are any', () => {
    expect(linesOf({ authorization: 'Bearer parsed', 'x-api-key': 'k' }, ['Authorization', 'Bearer raw'])).toEqual([
      'Authorization',
      'Bearer raw',
    ]);
  });

  test.each<[string, object, string]>([
    ['a list of two', { authorization: ['Bearer a', 'Bearer a'] }, 'duplicate_authorization'],
    ['two spellings of the name', { authorization: 'Bearer a', Authorization: 'Bearer a' }, 'duplicate_authorization'],
    ['two values with a comma', { authorization: 'Bearer a, Bearer a' }, 'joined_credentials'],
    ['what is no text', { authorization: { bearer: 'a' } }, 'malformed_authorization'],
  ])('doubled and malformed Authorization is seen: %s (RFC 9110 5.3)', (_, headers, reason) => {
    const { authorization } = new SecurityRequest(sourceOf({ method: 'GET', url: '/', headers }));
    expect(authorization).toEqual({ kind: 'invalid', reason });
  });

  test('what a prototype has is no header (CWE-1321)', () => {
    expect(linesOf(Object.create({ authorization: 'Bearer a' }))).toEqual([]);
  });

  test('a message of Node without a connection is read by the headers that were put on it', () => {
    const message = new IncomingMessage(new Socket());
    message.headers = { authorization: 'Bearer a' };
    expect(headerLinesOf(message)).toEqual(['authorization', 'Bearer a']);
    expect(new NodeRequestSource(message, undefined, NO_PROXIES).headersFrom).toBe('parsed');
  });

  test.each([{}, { socket: {} }, { socket: { remoteAddress: '' } }])(
    '%j has no address, and no certificate',
    (parts) => {
      const source = sourceOf({ headers: {}, ...parts });
      expect([source.remoteAddress, source.clientCertificate()]).toEqual([undefined, undefined]);
    },
  );

  test('an address that the host gives is taken, and behind trusted proxies that of their header', () => {
    const request = { socket: { remoteAddress: '198.51.100.7' }, headers: { 'x-forwarded-for': '203.0.113.9' } };
    const behind = (trustedHops: number) =>
      new NodeRequestSource(made(request), undefined, new TrustedProxies({ trustedHops }));
    const addresses = [0, 1].map((hops) => behind(hops).remoteAddress);
    expect(addresses).toEqual(['198.51.100.7', '203.0.113.9']);
  });
});

const keys = headerHandler({ name: 'keys', header: 'x-api-key', verify: (value) => ({ subject: value }) });

describe('a client that sends no header line has no credential (RFC 1945 5)', () => {
  const chain = new SecurityChain({ requirement: keys });
  const addsKey = (request: { headers: NodeJS.Dict<string | string[]> }) => {
    request.headers['x-api-key'] = 'of-the-application';
  };
  const answer: RequestListener = (_request, response) => void response.end('let in');

  const listeners: readonly [string, () => RequestListener][] = [
    [
      'node:http',
      () => {
        const secured = httpSecurity(chain)(answer);
        return (request, response) => {
          addsKey(request);
          secured(request, response);
        };
      },
    ],
    ...[express4, express].map<[string, () => RequestListener]>((framework, index) => [
      `Express ${index + 4}`,
      () =>
        framework()
          .use((request, _response, next) => {
            addsKey(request);
            next();
          })
          .use(expressSecurity(chain)(), answer),
    ]),
    [
      'Koa',
      () => {
        const app = new Koa();
        app.use((context, next) => {
          addsKey(context);
          return next();
        });
        app.use(koaSecurity(chain)());
        return app.callback();
      },
    ],
  ];

  test.each(listeners)('what the application adds to the headers is not taken for one: %s', async (_, listener) => {
    const server = await listening(createServer(listener()));
    const { status } = await ask(server.port, 'http', 'GET / HTTP/1.0\r\n\r\n');
    await server.close();
    expect(status).toBe(401);
  });
});

test.each([
  ['Express 4', express4],
  ['Express 5', express],
])('%s: a request that came over a connection is never read as a mock is', async (_, framework) => {
  const inner = { requirement: keys };
  const operations = routes([route('GET', '/a', { requirement: anonymous() }), route('GET', '/a/a', inner)]);
  const rewrites: RequestHandler = (request, _response, next) => {
    request.url = '/a';
    next();
  };
  const router = framework.Router().use(rewrites, expressSecurity(new SecurityChain({ operations }))());
  const app = framework().use(
    '/a',
    router.get('/a', (_request, response) => void response.end('inner')),
  );
  const server = await listening(createServer(app));
  const { status } = await ask(server.port, 'http', requestText('GET', '/a'));
  await server.close();
  expect(status).toBe(401);
});

/** Passes a mock through middleware: the status of the answer, or who was let in. */
function through(middleware: (...given: never[]) => unknown, options: RequestOptions): Promise<unknown> {
  const { req, res } = createMocks(options, { eventEmitter: EventEmitter });
  return new Promise((resolve) => {
    res.on('end', () => resolve(res.statusCode));
    const next = () => resolve(`let in ${principalOf(req).subject}`);
    middleware(req as never, res as never, next as never);
  });
}

describe('mocks of node-mocks-http', () => {
  const requirement = new DemoTokens();
  const operations = routes([route('GET', '/orders', { requirement }), route('GET', '/orders/{id}', { requirement })]);
  const chain = demoChain({ requirement: undefined, operations });
  const headers = { Authorization: 'Bearer later.alice' };

  test.each<[string, RequestOptions, unknown]>([
    ['with a token', { url: '/orders?page=2', headers }, 'let in alice'],
    ['with a token known at once', { url: '/orders/7', headers: { authorization: 'Bearer now.bob' } }, 'let in bob'],
    ['without a credential', { url: '/orders' }, 401],
    ['with a bad token', { url: '/orders', headers: { authorization: 'Bearer bad' } }, 401],
    ['with two tokens', { url: '/orders', headers: { authorization: ['Bearer bad', 'Bearer now.bob'] } as never }, 400],
    ['for no operation', { url: '/others', headers }, 404],
    ['without a URL', { headers }, 400],
  ])('one %s passes through expressSecurity as a request does', async (_, options, outcome) => {
    expect(await through(expressSecurity(chain)(), options)).toBe(outcome);
  });

  test('one that stands below a mount is judged by its whole path', async () => {
    const below = { url: '/7', baseUrl: '/orders', originalUrl: '/orders/7', headers };
    expect(await through(expressSecurity(chain)(), below)).toBe('let in alice');
  });

  test('one that goes through an application is judged as a request is', async () => {
    const secure = expressSecurity(chain);
    const app = express().use(
      '/orders',
      express.Router().get('/:id', secure(), (request, response) => {
        response.send(principalOf(request).subject);
      }),
    );
    const { req, res } = createMocks({ url: '/orders/7', headers }, { eventEmitter: EventEmitter });
    const ended = once(res, 'end');
    app(req, res);
    await ended;
    expect([res.statusCode, res._getData()]).toEqual([200, 'alice']);
  });

  test('one passes through httpSecurity as a request does', async () => {
    const middleware = (request: IncomingMessage, response: never, next: () => void) =>
      httpSecurity(chain)(next)(request, response);
    expect(await through(middleware as never, { url: '/orders', headers })).toBe('let in alice');
    expect(await through(middleware as never, { url: '/orders' })).toBe(401);
  });

  test('plain objects need no more than a method, a URL and headers', async () => {
    const request = { method: 'GET', url: '/orders', headers };
    const letIn = new Promise((resolve) => httpSecurity(chain)(resolve)(made(request) as never, {} as never));
    expect(await letIn).toBe(request);
  });

  test('the body of one is what stands in rawBody; a parsed one proves nothing', async () => {
    const secure = expressSecurity(new SecurityChain({ requirement: signatures() }));
    const [name = '', signature = ''] = signatureOf('tea').split(': ');
    const signed = { method: 'POST' as const, url: '/orders', headers: { [name]: signature } };
    const asked = async (parts: object) => through(secure(), { ...signed, ...parts });
    expect(await asked({ rawBody: Buffer.from('tea') })).toBe('let in sender');
    expect(await asked({ rawBody: Buffer.from('coffee') })).toBe(401);
    expect(await asked({ body: { tea: 1 } })).toBe(500);
  });

  test('a preflight without raw lines is one (Fetch Standard, CORS-preflight fetch)', async () => {
    const asked = { origin: 'https://shop.example', 'access-control-request-method': 'PUT' };
    const secure = expressSecurity(chain, { allowPreflight: true });
    const preflight = (added: object) =>
      through(secure(), { method: 'OPTIONS', url: '/orders', headers: { ...asked, ...added } });
    expect([await preflight({}), await preflight({ authorization: 'Bearer bad' })]).toEqual(['let in ', 404]);
  });
});

describe('light-my-request', () => {
  const chain = demoChain();
  const asked = { method: 'GET', url: '/orders' } as const;
  const both = { authorization: ['Bearer now.alice', 'Bearer now.bob'] };

  test.each([
    ['Express 4', express4],
    ['Express 5', express],
  ])('its requests are judged by %s as those of a connection', async (_, framework) => {
    const app = framework().use(
      expressSecurity(chain)(),
      (request, response) => void response.end(principalOf(request).subject),
    );
    const send = async (headers: object) =>
      (await inject(app as never, { ...asked, headers: headers as never })).statusCode;
    const answer = await inject(app as never, { ...asked, headers: { Authorization: 'Bearer later.alice' } });
    expect([answer.statusCode, answer.body, await send({}), await send(both)]).toEqual([200, 'alice', 401, 400]);
  });

  test('its requests are judged by Fastify as those of a connection', async () => {
    const app = Fastify();
    await app.register(fastifySecurity(chain).plugin);
    app.get('/orders', async (request) => principalOf(request).subject);
    const send = async (headers: object) => app.inject({ ...asked, headers: headers as never });
    const answers = [await send({ Authorization: 'Bearer later.alice' }), await send({}), await send(both)];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 401, 400]);
    await app.close();
  });
});
