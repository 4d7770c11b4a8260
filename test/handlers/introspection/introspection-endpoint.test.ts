import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { IntrospectionUnderTest } from './introspection-fixture.js';
import { type Arrival, IntrospectionServer, type ScriptedAnswer } from './introspection-server.js';

const RFC_8414 = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

let server: IntrospectionServer;
let subject: IntrospectionUnderTest;
/** What the documents say; a path that is not there is 404. */
let documents: Record<string, ScriptedAnswer>;

beforeEach(async () => {
  server = await IntrospectionServer.start(({ path }: Arrival) => {
    if (path.startsWith('/introspect')) return { body: { active: true, sub: 'alice' } };
    return documents[path] ?? { status: 404 };
  });
  documents = { [RFC_8414]: { body: metadata() } };
});

afterEach(async () => {
  await subject.close();
  await server.close();
});

function metadata(more: object = {}): object {
  return { issuer: server.origin, introspection_endpoint: server.endpoint, ...more };
}

function discovering(options: Partial<IntrospectionHandlerOptions> = {}): IntrospectionUnderTest {
  subject = new IntrospectionUnderTest({ issuer: server.origin, ...options });
  return subject;
}

/** Lets work go on that nobody waits for. */
async function settled(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition() && turn < 2_000; turn += 1) await new Promise(setImmediate);
}

function paths(): string[] {
  return server.arrivals.map(({ path }) => path);
}

test('an endpoint that is not given is the one that the metadata name [RFC 8414 2]', async () => {
  expect(await discovering().outcome()).toBe('200');
  expect(await subject.outcome('another')).toBe('200');
  expect(paths()).toEqual([RFC_8414, '/introspect', '/introspect']);
});

test('metadata are looked for where OpenID Connect puts them, too [OpenID Connect Discovery 4]', async () => {
  documents = { [OPENID]: { body: metadata() } };
  expect(await discovering().outcome()).toBe('200');
  expect(paths()).toEqual([RFC_8414, OPENID, '/introspect']);
});

test('the well-known part goes before the path of an issuer [RFC 8414 3.1]', async () => {
  const issuer = `${server.origin}/tenant/7`;
  documents = { [`${RFC_8414}/tenant/7`]: { body: metadata({ issuer }) } };
  expect(await discovering({ issuer }).outcome()).toBe('200');
});

test('start() finds the endpoint, so that the first token does not wait', async () => {
  await discovering().chain.start();
  expect(paths()).toEqual([RFC_8414]);
  await subject.ask();
  expect(paths()).toEqual([RFC_8414, '/introspect']);
});

test('a start without metadata succeeds, and tokens get 503 until they are there', async () => {
  documents = {};
  await discovering().chain.start();
  expect(await subject.outcome()).toBe('503 err_sallyport_upstream_status');
  documents = { [RFC_8414]: { body: metadata() } };
  subject.clock.pass(1);
  expect(await subject.outcome()).toBe('200');
});

test.each<[string, () => ScriptedAnswer]>([
  ['name another issuer [RFC 8414 3.3]', () => ({ body: metadata({ issuer: `${server.origin}/` }) })],
  ['name no issuer [RFC 8414 2]', () => ({ body: { introspection_endpoint: server.endpoint } })],
  ['name no endpoint', () => ({ body: { issuer: server.origin } })],
  ['name an endpoint that is no text', () => ({ body: metadata({ introspection_endpoint: [server.endpoint] }) })],
  [
    'name an endpoint without TLS elsewhere',
    () => ({ body: metadata({ introspection_endpoint: 'http://as.example/i' }) }),
  ],
  [
    'name an endpoint without TLS that answers',
    () => ({ body: metadata({ introspection_endpoint: server.endpoint.replace('127.0.0.1', '0.0.0.0') }) }),
  ],
  ['name no URL', () => ({ body: metadata({ introspection_endpoint: '/introspect' }) })],
  ['are HTML', () => ({ headers: { 'content-type': 'text/html' }, body: '<html>' })],
  ['are no JSON', () => ({ body: '{"issuer":' })],
  ['name the issuer twice', () => ({ body: `{"issuer":"x","issuer":"${server.origin}"}` })],
  ['redirect elsewhere', () => ({ status: 302, headers: { location: `${server.origin}${OPENID}` } })],
])('metadata that %s are 503, and no token is sent anywhere', async (_rule, document) => {
  documents = { [RFC_8414]: document(), [OPENID]: document() };
  expect(await discovering().status('secret-token')).toBe(503);
  expect(paths()).toEqual([RFC_8414, OPENID]);
});

test('metadata at the first place that name no endpoint do not hide those at the second [RFC 8414 2]', async () => {
  documents = { [RFC_8414]: { body: { issuer: server.origin } }, [OPENID]: { body: metadata() } };
  expect(await discovering().outcome()).toBe('200');
  expect(paths()).toEqual([RFC_8414, OPENID, '/introspect']);
});

test('failed discovery is tried again after a second, then two, and not by every token', async () => {
  documents = { [RFC_8414]: { status: 500 } };
  discovering();
  const attempts = () => paths().filter((path) => path === RFC_8414).length;
  for (const token of ['a', 'b', 'c']) expect(await subject.status(token)).toBe(503);
  expect(attempts()).toBe(1);
  subject.clock.pass(1);
  expect(await subject.status()).toBe(503);
  subject.clock.pass(1.9);
  expect(await subject.status()).toBe(503);
  expect(attempts()).toBe(2);
  subject.clock.pass(0.1);
  expect(await subject.status()).toBe(503);
  expect(attempts()).toBe(3);
});

test('1,000 concurrent first tokens make one discovery', async () => {
  discovering({ outbound: { maxQueued: 1_000 } });
  const answers = await Promise.all(Array.from({ length: 1_000 }, (_, index) => subject.status(`token-${index}`)));
  expect(new Set(answers)).toEqual(new Set([200]));
  expect(paths().filter((path) => path === RFC_8414)).toHaveLength(1);
});

test('the endpoint is looked up anew every hour, and nobody waits for that', async () => {
  await discovering({ cache: { ttlSeconds: 0 } }).ask();
  documents = { [RFC_8414]: { body: metadata({ introspection_endpoint: `${server.origin}/introspect/moved` }) } };
  subject.clock.pass(3_599);
  await subject.ask();
  expect(paths().at(-1)).toBe('/introspect');
  subject.clock.pass(1);
  await subject.ask();
  await settled(() => paths().filter((path) => path === RFC_8414).length === 2);
  await settled(() => false);
  await subject.ask();
  expect(paths().at(-1)).toBe('/introspect/moved');
});

test('an endpoint that fails is looked up anew, though not within 30 seconds', async () => {
  documents = { [RFC_8414]: { body: metadata({ introspection_endpoint: `${server.origin}/gone` }) } };
  discovering();
  expect(await subject.status('one')).toBe(503);
  documents = { [RFC_8414]: { body: metadata() } };
  subject.clock.pass(29);
  expect(await subject.status('two')).toBe(503);
  expect(paths()).toEqual([RFC_8414, '/gone', '/gone']);
  subject.clock.pass(1);
  expect(await subject.status('three')).toBe(503);
  await settled(() => paths().length === 5);
  await settled(() => false);
  expect(await subject.status('four')).toBe(200);
});

test('with a client certificate the alias for mutual TLS is called [RFC 8705 5]', async () => {
  const alias = `${server.origin}/introspect/mtls`;
  documents = { [RFC_8414]: { body: metadata({ mtls_endpoint_aliases: { introspection_endpoint: alias } }) } };
  await discovering().ask();
  expect(paths().at(-1)).toBe('/introspect');
  await subject.close();
  discovering({
    clientAuthentication: { method: 'tls_client_auth', clientId: 'gateway' },
    outbound: { clientCertificate: { cert: 'not needed for http', key: 'not needed for http' } },
  });
  await subject.ask();
  expect(paths().at(-1)).toBe('/introspect/mtls');
});

describe('metadata at a configured URL', () => {
  const INSIDE = '/inside/metadata';
  const issuer = 'https://sso.example.com/realms/shop';

  test('are looked for there and nowhere else, whatever the issuer is called', async () => {
    documents = { [INSIDE]: { body: metadata({ issuer }) } };
    expect(await discovering({ issuer, metadataUrl: server.origin + INSIDE }).outcome()).toBe('200');
    expect(paths()).toEqual([INSIDE, '/introspect']);
  });

  test('have to name the issuer all the same [RFC 8414 3.3]', async () => {
    documents = { [INSIDE]: { body: metadata() } };
    const options = { issuer, metadataUrl: server.origin + INSIDE };
    expect(await discovering(options).outcome('secret-token')).toBe('503 err_sallyport_upstream_body');
    expect(paths()).toEqual([INSIDE]);
  });

  test('are fit to be called like an endpoint', () => {
    const make = () => new IntrospectionUnderTest({ issuer, metadataUrl: 'http://as.example/metadata' });
    expect(make).toThrow('IntrospectionHandlerOptions.metadataUrl must be an https URL');
    discovering();
  });
});
