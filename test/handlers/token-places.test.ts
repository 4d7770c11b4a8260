import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { httpSecurity, upgradeSecurity } from '@sallyport/adapters/http';
import { anyOf, type Decision, optional, type Requirement, SecurityChain, type SecurityHandler } from '@sallyport/core';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { JwtHandler, type JwtHandlerOptions } from '@sallyport/handlers/jwt';
import { WebSocket, WebSocketServer } from 'ws';
import { CLIENT } from './introspection/introspection-fixture.js';
import { IntrospectionServer } from './introspection/introspection-server.js';
import { tokenBy, trusted } from './jwt/jwt-fixture.js';
import { newKey } from './jwt/signing.js';

const EC = newKey('ES256', 'key-1');
const TOKEN = tokenBy(EC);
const OTHER = tokenBy(newKey('ES256', 'key-1'));
type Source = JwtHandlerOptions['source'];
type More = Partial<Pick<JwtHandlerOptions & IntrospectionHandlerOptions, 'name' | 'source' | 'maxTokenBytes'>>;

let authority: IntrospectionServer;
const clock = new ManualClock();
const warnings: string[] = [];

beforeAll(async () => {
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
  authority = await IntrospectionServer.start(({ form }) => ({
    body:
      form.get('token') === OTHER ? { active: false } : { active: true, sub: 'alice', exp: clock.now() / 1_000 + 600 },
  }));
});
afterAll(() => authority.close());

/** Both handlers that take bearer tokens. */
const HANDLERS: Readonly<Record<string, (more: More) => SecurityHandler>> = {
  JwtHandler: (more) =>
    new JwtHandler({ realm: 'test', issuers: [trusted({ publicKey: EC.publicKey })], ...more }, { clock }),
  IntrospectionHandler: (more) =>
    new IntrospectionHandler(
      {
        realm: 'test',
        endpoint: authority.endpoint,
        clientAuthentication: CLIENT,
        outbound: { allowInsecureLoopback: true },
        ...more,
      },
      { clock },
    ),
};
const BOTH = Object.entries(HANDLERS);

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
  warnings.length = 0;
});

function chainOf(requirement: Requirement): SecurityChain {
  return new SecurityChain({ requirement }, { clock, random: () => 0 });
}

/** A server on a free port; over `upgrade` it accepts WebSockets. */
async function listen(chain: SecurityChain): Promise<number> {
  const server: Server = createServer(
    { maxHeaderSize: 65_536 },
    httpSecurity(chain)((_request, response, principal) => response.end(principal.subject)),
  );
  const sockets = new WebSocketServer({ noServer: true });
  const secured = upgradeSecurity(chain)((incoming, socket, head, principal) => {
    sockets.handleUpgrade(incoming, socket, head, (accepted) => accepted.send(principal.subject));
  });
  server.on('upgrade', secured).listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = async () => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    await chain.close();
  };
  return (server.address() as AddressInfo).port;
}

interface Sent {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function ask(port: number, { path = '/', headers = {} }: Sent): Promise<Answer> {
  const asked = request({ port, host: '127.0.0.1', path, headers, agent: false }).end();
  const [response] = await once(asked, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

/** How a token is sent to each place, and the challenge of a 401 there. */
const PLACES: readonly (readonly [source: Source, send: (token: string) => Sent, challenge: string])[] = [
  ['authorization:bearer', (token) => ({ headers: { authorization: `bearer ${token}` } }), 'Bearer realm="test"'],
  ['authorization:Token', (token) => ({ headers: { authorization: `token ${token}` } }), 'Token realm="test"'],
  ['authorization:JWT', (token) => ({ headers: { authorization: `JWT ${token}` } }), 'JWT realm="test"'],
  [
    'header:X-JWT-Assertion',
    (token) => ({ headers: { 'x-jwt-assertion': token } }),
    'ApiKey realm="test", header="X-JWT-Assertion"',
  ],
  [
    'header:x-authorization:Bearer',
    (token) => ({ headers: { 'X-Authorization': `bearer  ${token}` } }),
    'ApiKey realm="test", header="x-authorization"',
  ],
  [
    'cookie:__Secure-Session',
    (token) => ({ headers: { cookie: `a=b; __Secure-Session=${token}` } }),
    'Cookie realm="test", cookie="__Secure-Session"',
  ],
  ['query:access_token', (token) => ({ path: `/feed?a=b&access%5Ftoken=${token}` }), 'Bearer realm="test"'],
  [
    'subprotocol:bearer',
    (token) => ({ headers: { 'sec-websocket-protocol': `chat, bearer, ${token}` } }),
    'Bearer realm="test"',
  ],
  [
    'subprotocol:bearer.',
    (token) => ({ headers: { 'sec-websocket-protocol': `chat, bearer.${token}` } }),
    'Bearer realm="test"',
  ],
];
const EACH = BOTH.flatMap(([handler, make]) => PLACES.map((row) => [handler, make, ...row] as const));

describe('a token is taken from the place that source names, and from no other (RFC 6750 2)', () => {
  test.each(EACH)('%s %# over a socket', async (_handler, make, source, send, challenge) => {
    const port = await listen(chainOf(make({ source })));
    const good = await ask(port, send(TOKEN));
    expect([good.status, good.body]).toEqual([200, 'alice']);
    expect((await ask(port, send(TOKEN))).status).toBe(200);
    expect((await ask(port, send(OTHER))).status).toBe(401);
    const none = await ask(port, {});
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, challenge]);
    for (const [other, sendThere] of PLACES) {
      if (other !== source) expect((await ask(port, sendThere(TOKEN))).status).toBe(401);
    }
  });

  test.each(EACH)('%s %#: what is no b64token there is 400', async (_handler, make, source, send) => {
    const port = await listen(chainOf(make({ source })));
    expect((await ask(port, send('"no-token"'))).status).toBe(400);
  });

  test.each(EACH)(
    '%s %#: a token that was good before is answered without a promise',
    async (_h, make, source, send) => {
      const chain = chainOf(make({ source }));
      const { path = '/', headers = {} } = send(TOKEN);
      const decide = () => chain.decide(buildRequest(`GET ${path}`, { headers }));
      expect((await decide()).kind).toBe('granted');
      expect(decide()).not.toBeInstanceOf(Promise);
      expect((decide() as Decision).kind).toBe('granted');
      await chain.close();
    },
  );
});

test.each([
  ['the only place', 'header:x-authorization:bearer'],
  ['one of several places', ['authorization:bearer', 'header:x-authorization:bearer']],
] as const)(
  'a second line without the scheme counts in %s: another reader could take that one (RFC 6750 2)',
  async (_place, source) => {
    const [, make] = BOTH[0] as (typeof BOTH)[number];
    const port = await listen(chainOf(make({ source })));
    expect((await ask(port, { headers: { 'x-authorization': [`Bearer ${TOKEN}`, TOKEN] } })).status).toBe(400);
    expect((await ask(port, { headers: { 'x-authorization': [`Bearer ${TOKEN}`] } })).status).toBe(200);
  },
);

test.each(PLACES)(
  'JwtHandler: a token of another issuer at %s is refused where tokens are optional',
  async (source, send) => {
    const [, make] = BOTH[0] as (typeof BOTH)[number];
    const port = await listen(chainOf(optional(make({ source }))));
    const { path = '/', headers = {} } = send(tokenBy(EC, { iss: 'https://foreign.example' }));
    // Browsers send cookies without anybody's will, so a strange one is none.
    expect((await ask(port, { path, headers })).status).toBe(String(source).startsWith('cookie:') ? 200 : 401);
  },
);

describe('several places', () => {
  const source = ['cookie:session', 'authorization:bearer', 'query:access_token', 'header:x-token'] as const;
  const cookie = `session=${TOKEN}`;
  const rows: readonly (readonly [rule: string, sent: Sent, status: number])[] = [
    ['the cookie alone', { headers: { cookie } }, 200],
    ['Authorization alone', { headers: { authorization: `Bearer ${TOKEN}` } }, 200],
    ['the query alone', { path: `/?access_token=${TOKEN}` }, 200],
    ['a cookie beside an explicit token is not read', { headers: { cookie, authorization: `Bearer ${OTHER}` } }, 401],
    [
      'a bad cookie beside a good token does not count',
      { path: `/?access_token=${TOKEN}`, headers: { cookie: 'session=x.y' } },
      200,
    ],
    ['two explicit places', { path: `/?access_token=${OTHER}`, headers: { authorization: `Bearer ${TOKEN}` } }, 400],
    [
      'two explicit places with the same token',
      { path: `/?access_token=${TOKEN}`, headers: { 'x-token': TOKEN } },
      400,
    ],
    ['the query twice', { path: `/?access_token=${TOKEN}&access_token=${TOKEN}` }, 400],
    ['the header twice', { headers: { 'x-token': [TOKEN, TOKEN] } }, 400],
    ['the cookie twice', { headers: { cookie: `${cookie}; ${cookie}` } }, 400],
    ['another scheme of Authorization beside a cookie', { headers: { cookie, authorization: 'Basic YTpi' } }, 401],
  ];

  test.each(BOTH.flatMap(([handler, make]) => rows.map((row) => [handler, ...row, make] as const)))(
    '%s: %s is %j %d (RFC 6750 2)',
    async (_handler, _rule, sent, status, make) => {
      const port = await listen(chainOf(make({ source })));
      expect((await ask(port, sent)).status).toBe(status);
    },
  );

  test('each place has its challenge, in the order of the option, and equal ones are sent once', () => {
    const { challenges } = (HANDLERS['JwtHandler'] as (more: More) => SecurityHandler)({ source });
    expect(challenges.map(({ scheme }) => scheme)).toEqual(['Cookie', 'Bearer', 'ApiKey']);
  });

  test('two handlers with different places stand in one requirement, each with its own token', async () => {
    const [, jwt] = BOTH[0] as (typeof BOTH)[number];
    const [, introspection] = BOTH[1] as (typeof BOTH)[number];
    const chain = chainOf(
      anyOf(
        jwt({ source: 'header:x-jwt-assertion' }),
        introspection({ source: ['authorization:bearer', 'cookie:session'] }),
      ),
    );
    const port = await listen(chain);
    expect((await ask(port, { headers: { 'x-jwt-assertion': TOKEN } })).status).toBe(200);
    expect((await ask(port, { headers: { authorization: 'Bearer opaque' } })).status).toBe(200);
    expect((await ask(port, { headers: { cookie: 'session=opaque' } })).status).toBe(200);
    expect((await ask(port, { headers: { authorization: `Bearer ${OTHER}`, 'x-jwt-assertion': OTHER } })).status).toBe(
      401,
    );
  });

  test('two handlers that take all tokens of one of their places are a start-up error (rule 4)', () => {
    const [, make] = BOTH[1] as (typeof BOTH)[number];
    const requirement = anyOf(
      make({ name: 'one', source: ['authorization:bearer', 'cookie:session'] }),
      make({ name: 'two', source: ['header:x-token', 'cookie:session'] }),
    );
    expect(() => chainOf(requirement)).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_SOURCE_CONFLICT' }));
  });
});

describe('an upgrade request', () => {
  const dials: readonly (readonly [source: Source, dial: (port: number) => WebSocket])[] = [
    ['subprotocol:bearer', (port) => new WebSocket(`ws://127.0.0.1:${port}/`, ['bearer', TOKEN])],
    ['subprotocol:bearer.', (port) => new WebSocket(`ws://127.0.0.1:${port}/`, ['chat', `bearer.${TOKEN}`])],
    ['query:access_token', (port) => new WebSocket(`ws://127.0.0.1:${port}/?access_token=${TOKEN}`)],
    ['cookie:session', (port) => new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { cookie: `session=${TOKEN}` } })],
  ];

  test.each(BOTH.flatMap(([handler, make]) => dials.map((row) => [handler, ...row, make] as const)))(
    '%s takes the token of a WebSocket from %s, and the answer does not repeat it',
    async (_handler, source, dial, make) => {
      const port = await listen(chainOf(make({ source })));
      const socket = dial(port);
      const [[data]] = await Promise.all([once(socket, 'message'), once(socket, 'open')]);
      expect(String(data)).toBe('alice');
      expect(socket.protocol).not.toContain(TOKEN);
      socket.terminate();
    },
  );
});

describe('a token in the query', () => {
  test.each(BOTH)('%s warns once that addresses are kept in logs (RFC 6750 5.3)', (_handler, make) => {
    make({ name: 'shop', source: ['authorization:bearer', 'query:access_token'] });
    expect(warnings).toEqual(['shop takes tokens from the query, which logs and histories keep (source)']);
    make({ source: ['authorization:bearer', 'cookie:session'] });
    expect(warnings).toHaveLength(1);
  });

  test.each(BOTH)('%s lets no cache share the answer (RFC 6750 2.3)', async (_handler, make) => {
    const port = await listen(chainOf(make({ source: ['authorization:bearer', 'query:t'] })));
    for (const _again of [1, 2])
      expect((await ask(port, { path: `/?t=${TOKEN}` })).headers['cache-control']).toBe('private');
    const usual = await ask(port, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect([usual.status, usual.headers['cache-control']]).toEqual([200, undefined]);
  });
});

describe('no event, explanation or answer repeats a token, wherever it stands (CWE-532)', () => {
  test.each(EACH)('%s %#', async (_handler, make, source, send) => {
    const events: unknown[] = [];
    const chain = new SecurityChain(
      { requirement: make({ source }) },
      { clock, listeners: [(event) => events.push(event)] },
    );
    for (const token of [TOKEN, OTHER, `${TOKEN}!`]) {
      const { path = '/', headers = {} } = send(token);
      const asked = buildRequest(`GET ${path}`, { headers });
      const told = [await chain.decide(asked), await chain.explain(asked), asked];
      for (const each of told) expect(`${JSON.stringify(each)} ${String(each)}`).not.toContain(token.slice(-40));
    }
    expect(events).toHaveLength(3);
    expect(JSON.stringify(events)).not.toContain(TOKEN.slice(-40));
    await chain.close();
  });
});

describe('the size of a token', () => {
  const long = tokenBy(EC, { resource_access: 'r'.repeat(9_000) });

  test.each(BOTH)(
    '%s refuses more than 8 192 bytes, and takes them where `maxTokenBytes` says so',
    async (_h, make) => {
      const sent = { headers: { authorization: `Bearer ${long}` } };
      const usual = await listen(chainOf(make({})));
      expect((await ask(usual, sent)).status).toBe(400);
      await close?.();
      const raised = await listen(chainOf(make({ maxTokenBytes: 16_384 })));
      expect((await ask(raised, sent)).status).toBe(200);
      expect((await ask(raised, { headers: { authorization: `Bearer ${'a.b'.repeat(5_500)}` } })).status).toBe(400);
    },
  );

  test.each(BOTH)('%s keeps the limit within bounds (CWE-400)', (_handler, make) => {
    for (const maxTokenBytes of [1_023, 65_537, 8_192.5, Number.POSITIVE_INFINITY]) {
      expect(() => make({ maxTokenBytes })).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }));
    }
  });
});

describe('a place that cannot be meant is refused at the start', () => {
  const bad = [
    'bearer',
    'header:',
    'header:a b',
    'header:authorization',
    'header:Cookie',
    'header:sec-websocket-protocol',
    'authorization:basic',
    'authorization:DPoP',
    'tls:certificate',
    'cookie:a=b',
    'body:access_token',
    [],
    ['header:x', 'header:X'],
    7,
  ];
  test.each(BOTH.flatMap(([handler, make]) => bad.map((source) => [handler, source, make] as const)))(
    '%s %j',
    (_handler, source, make) => {
      const given = JSON.parse(JSON.stringify({ source }));
      expect(() => make(given)).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }));
    },
  );
});
