import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type JwtUnderTest, jwtWith, keyServer, outcomeOf, published, tokenBy, trusted } from './jwt-fixture.js';
import { json, type KeyServer, keySet } from './key-server.js';
import { newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');
const WEAK_RSA = { kty: 'RSA', n: 'AQAB'.repeat(42), e: 'AQAB', kid: 'weak' };
const JSON_TYPE = { 'content-type': 'application/json' };

type Fault = (server: KeyServer, evil: KeyServer) => KeyServer['answer'];

const STATUS = '503 err_sallyport_upstream_status';
const BODY = '503 err_sallyport_upstream_body';
const UNREACHABLE = '503 err_sallyport_upstream_unreachable';

/** 200, with this for a body. */
function ok(body: string | Buffer, headers: Record<string, string> = JSON_TYPE): Fault {
  return () => (_request, response) => response.writeHead(200, headers).end(body);
}

function status(code: number, headers: Record<string, string> = {}): Fault {
  return () => (_request, response) => response.writeHead(code, headers).end('{}');
}

const GOOD = JSON.stringify({ keys: [EC.jwk] });

const FAULTS: readonly (readonly [fault: string, outcome: string, Fault])[] = [
  ...[201, 204, 206, 304, 400, 401, 403, 404, 429, 500, 502, 503, 504].map(
    (code) => [`status ${code}`, STATUS, status(code)] as const,
  ),
  ...[301, 302, 303, 307, 308].map(
    (code) =>
      [
        `a redirect (${code}) to a server with other keys`,
        STATUS,
        (_: KeyServer, evil: KeyServer) => (_request: unknown, response: Parameters<KeyServer['answer']>[1]) =>
          response.writeHead(code, { location: evil.jwksUri }).end(),
      ] as const,
  ),
  ['an error page with status 200', BODY, ok('<html>Sorry</html>', { 'content-type': 'text/html' })],
  ['an error page that calls itself JSON', BODY, ok('<html>Sorry</html>')],
  ['keys that call themselves a page', BODY, ok(GOOD, { 'content-type': 'text/html' })],
  ['nothing', BODY, ok('')],
  ['half of it', BODY, ok(GOOD.slice(0, -9))],
  ['two documents', BODY, ok(GOOD + GOOD)],
  ['null', BODY, ok('null')],
  ['a list', BODY, ok(JSON.stringify([EC.jwk]))],
  ['an object without keys', BODY, ok('{}')],
  ['keys that are an object', BODY, ok(JSON.stringify({ keys: { 0: EC.jwk } }))],
  ['no key', BODY, ok('{"keys":[]}')],
  [
    'nothing but weak and symmetric keys',
    BODY,
    ok(JSON.stringify({ keys: [WEAK_RSA, { kty: 'oct', k: 'c2VjcmV0' }] })),
  ],
  ['members that are no keys', BODY, ok('{"keys":[null,1,"x",[],{}]}')],
  ['keys twice', BODY, ok(`{"keys":[],${GOOD.slice(1)}`)],
  ['bytes that are no UTF-8', BODY, ok(Buffer.concat([Buffer.from(GOOD.slice(0, -1)), Buffer.of(0x20, 0xff, 0x7d)]))],
  ['1 001 keys', BODY, ok(JSON.stringify({ keys: Array.from({ length: 1_001 }, () => EC.jwk) }))],
  ['more than 512 KiB', BODY, ok(GOOD + ' '.repeat(512 * 1_024))],
  [
    'keys that were compressed twice',
    BODY,
    ok(gzipSync(gzipSync(GOOD)), { ...JSON_TYPE, 'content-encoding': 'gzip, gzip' }),
  ],
  [
    'compressed keys of 10 MB',
    BODY,
    ok(gzipSync(Buffer.alloc(10_000_000, ' ')), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
  ],
  [
    'a body without an end',
    BODY,
    () => (_request, response) => {
      response.writeHead(200, JSON_TYPE);
      const pour = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536)));
      };
      response.on('drain', pour);
      pour();
    },
  ],
  [
    'a connection that ends within the body',
    UNREACHABLE,
    () => (request, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': String(GOOD.length) });
      response.write(GOOD.slice(0, 20), () => request.socket.destroy());
    },
  ],
];

const SLOW: readonly (readonly [fault: string, KeyServer['answer']])[] = [
  ['nothing at all', () => {}],
  ['headers and then nothing', (_request, response) => response.writeHead(200, JSON_TYPE).flushHeaders()],
  [
    'half a body and then nothing',
    (_request, response) => {
      response.writeHead(200, JSON_TYPE);
      response.write(GOOD.slice(0, 20));
    },
  ],
];

async function underTest(): Promise<{ jwt: JwtUnderTest; server: KeyServer; evil: KeyServer }> {
  const server = await keyServer();
  const evil = await keyServer(EC.jwk);
  return { server, evil, jwt: jwtWith(trusted(published(server))) };
}

/** Lets everything happen that can happen at this moment, until so many tasks wait for the clock. */
async function waiting(jwt: JwtUnderTest, tasks: number): Promise<void> {
  while (jwt.clock.waiting < tasks) await new Promise(setImmediate);
}

describe('a key server that answers with', () => {
  test.each(FAULTS)('%s means %s; nothing of it is remembered', async (_, outcome, fault) => {
    const { jwt, server, evil } = await underTest();
    server.answer = fault(server, evil);
    const token = tokenBy(EC);
    const decision = await jwt.decide(token);
    expect(outcomeOf(decision)).toBe(outcome);
    expect(decision.headers.map(([name]) => name)).toContain('Retry-After');
    expect(decision.headers.map(([name]) => name)).not.toContain('WWW-Authenticate');
    expect(evil.fetches).toBe(0);
    server.publish(EC.jwk);
    jwt.clock.pass(1);
    expect(await jwt.outcome(token)).toBe('granted');
    expect(jwt.handler.statistics.cache).toMatchObject({ negativeEntries: 0, negativeHits: 0 });
  });

  test.each(SLOW)('%s means 503 after the deadline of the call', async (_, answer) => {
    const { jwt, server } = await underTest();
    server.answer = answer;
    const token = tokenBy(EC);
    const asking = jwt.outcome(token);
    await server.arrivals(1);
    jwt.clock.pass(2);
    expect(await asking).toBe('503 err_sallyport_upstream_timeout');
    server.publish(EC.jwk);
    jwt.clock.pass(1);
    expect(await jwt.outcome(token)).toBe('granted');
  });

  test('a body in drips means 503 after the deadline of the call', async () => {
    const { jwt, server } = await underTest();
    let drips = 0;
    server.answer = (_request, response) => {
      response.writeHead(200, JSON_TYPE);
      const drip = () => {
        drips += 1;
        if (!response.destroyed) response.write(' ', () => setImmediate(drip));
      };
      drip();
    };
    const asking = jwt.outcome(tokenBy(EC));
    await server.arrivals(1);
    while (drips < 20) await new Promise(setImmediate);
    jwt.clock.pass(2);
    expect(await asking).toBe('503 err_sallyport_upstream_timeout');
  });
});

test.each<[string, (server: KeyServer) => Promise<void> | void]>([
  ['refuses the connection', (server) => server.close()],
  [
    'ends the connection before it answers',
    (server) => {
      server.answer = (request) => request.socket.destroy();
    },
  ],
])('a key server that %s means 503, after one more try', async (_, spoil) => {
  const { jwt, server } = await underTest();
  await spoil(server);
  const asking = jwt.outcome(tokenBy(EC));
  // The deadlines of decision and call, and the pause before the second try.
  await waiting(jwt, 3);
  jwt.clock.pass(0.06);
  expect(await asking).toBe(UNREACHABLE);
});

test('metadata of an issuer are held to the same limits: a fault in them means 503', async () => {
  const server = await keyServer();
  const issuer = server.origin;
  const keys = { discovery: true, outbound: { allowInsecureLoopback: true } } as const;
  const jwt = jwtWith(trusted(keys, { issuer }));
  const token = tokenBy(EC, { iss: issuer });
  for (const [metadata, outcome] of [
    [json({ issuer, jwks_uri: 'http://keys.example.com/' }), BODY],
    [json({ issuer, jwks_uri: 'file:///etc/passwd' }), BODY],
    [json({ issuer, jwks_uri: 7 }), BODY],
    [json({ issuer }), BODY],
    [json({ issuer: `${issuer}/` }), BODY],
    [json([]), BODY],
    [json({ issuer, x: 'x'.repeat(300_000) }), BODY],
  ] as const) {
    server.answer = metadata;
    expect(await jwt.outcome(token)).toBe(outcome);
    jwt.clock.pass(30);
  }
  server.answer = (request, response) =>
    (request.url === '/jwks' ? keySet([EC.jwk]) : json({ issuer, jwks_uri: server.jwksUri }))(request, response);
  expect(await jwt.outcome(token)).toBe('granted');
});
