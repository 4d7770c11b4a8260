import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ClientAuthentication, IntrospectionHandler } from '@sallyport/handlers/introspection';
import { jwtVerify } from 'jose';
import { generate } from 'selfsigned';
import { IntrospectionUnderTest } from './introspection-fixture.js';
import { IntrospectionServer } from './introspection-server.js';

const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ED = generateKeyPairSync('ed25519');
const SHARED = 'a secret of more than thirty-two bytes';

let server: IntrospectionServer;
let subject: IntrospectionUnderTest;

beforeEach(async () => {
  server = await IntrospectionServer.start();
});

afterEach(async () => {
  await subject.close();
  await server.close();
});

function authenticateBy(clientAuthentication: ClientAuthentication, issuer?: string): IntrospectionUnderTest {
  subject = new IntrospectionUnderTest({ endpoint: server.endpoint, clientAuthentication, issuer });
  return subject;
}

const HARD = { clientId: 'a:b c+ü%', clientSecret: 'p:q r+é%/=&' };

test('client_secret_basic form-encodes both halves before they are joined [RFC 6749 2.3.1]', async () => {
  await authenticateBy({ method: 'client_secret_basic', ...HARD }).ask();
  const [scheme, pair = ''] = (server.last.headers.authorization ?? '').split(' ');
  const halves = Buffer.from(pair, 'base64').toString().split(':');
  expect(scheme).toBe('Basic');
  expect(halves).toHaveLength(2);
  expect(halves.map((half) => new URLSearchParams(`v=${half}`).get('v'))).toEqual([HARD.clientId, HARD.clientSecret]);
  expect([...server.last.form.keys()]).toEqual(['token', 'token_type_hint']);
});

test('client_secret_post puts both into the form and nothing into the header [RFC 6749 2.3.1]', async () => {
  await authenticateBy({ method: 'client_secret_post', ...HARD }).ask();
  expect(server.last.headers.authorization).toBeUndefined();
  expect(server.last.form.get('client_id')).toBe(HARD.clientId);
  expect(server.last.form.get('client_secret')).toBe(HARD.clientSecret);
});

describe('a client assertion', () => {
  const keys: readonly [string, ClientAuthentication, KeyObject][] = [
    [
      'private_key_jwt ES256',
      { method: 'private_key_jwt', clientId: 'gateway', privateKey: EC.privateKey, algorithm: 'ES256', keyId: 'k1' },
      EC.publicKey,
    ],
    [
      'private_key_jwt PS256',
      {
        method: 'private_key_jwt',
        clientId: 'gateway',
        privateKey: RSA.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        algorithm: 'PS256',
      },
      RSA.publicKey,
    ],
    [
      'private_key_jwt EdDSA',
      { method: 'private_key_jwt', clientId: 'gateway', privateKey: ED.privateKey, algorithm: 'EdDSA' },
      createPublicKey(ED.privateKey),
    ],
    [
      'client_secret_jwt HS256',
      { method: 'client_secret_jwt', clientId: 'gateway', clientSecret: SHARED },
      createSecretKey(Buffer.from(SHARED)),
    ],
  ];

  test.each(keys)(
    'by %s names the client twice, the audience, and ends within a minute [RFC 7523 3]',
    async (_m, way, key) => {
      await authenticateBy(way).ask();
      const { form, headers } = server.last;
      expect(headers.authorization).toBeUndefined();
      expect(form.get('client_id')).toBe('gateway');
      expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
      const { payload } = await jwtVerify(form.get('client_assertion') ?? '', key, {
        audience: server.endpoint,
        currentDate: new Date(subject.clock.now()),
      });
      expect(payload).toEqual({
        iss: 'gateway',
        sub: 'gateway',
        aud: server.endpoint,
        jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
        iat: subject.now,
        exp: subject.now + 60,
      });
    },
  );

  test('is for the issuer where one is known, and for whom the options say [RFC 7523 3]', async () => {
    const way = { method: 'client_secret_jwt', clientId: 'gateway', clientSecret: SHARED } as const;
    await authenticateBy(way, 'https://as.example.com').ask();
    expect(await audienceOfLast()).toBe('https://as.example.com');
    await subject.close();
    await authenticateBy({ ...way, audience: 'https://token.example.com' }, 'https://as.example.com').ask();
    expect(await audienceOfLast()).toBe('https://token.example.com');
  });

  test('is made anew for each call: servers take one only once [RFC 7523 3]', async () => {
    authenticateBy({ method: 'client_secret_jwt', clientId: 'gateway', clientSecret: SHARED });
    for (const token of ['one', 'two', 'three']) await subject.ask(token);
    const assertions = server.arrivals.map(({ form }) => form.get('client_assertion'));
    expect(new Set(assertions).size).toBe(3);
  });

  test('names its key [RFC 7515 4.1.4]', async () => {
    const [[, way]] = keys as [(typeof keys)[0]];
    await authenticateBy(way).ask();
    const [header = ''] = (server.last.form.get('client_assertion') ?? '').split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'k1' });
  });

  async function audienceOfLast(): Promise<unknown> {
    const { payload } = await jwtVerify(server.last.form.get('client_assertion') ?? '', Buffer.from(SHARED), {
      currentDate: new Date(subject.clock.now()),
    });
    return payload.aud;
  }
});

describe('a bearer token', () => {
  test('goes into the header [RFC 7662 2.1]', async () => {
    await authenticateBy({ method: 'bearer', token: 'own-token' }).ask();
    expect(server.last.headers.authorization).toBe('Bearer own-token');
    expect([...server.last.form.keys()]).toEqual(['token', 'token_type_hint']);
  });

  test('comes from a function that is asked for each call', async () => {
    let count = 0;
    const token = async () => {
      count += 1;
      return `own-${count}`;
    };
    authenticateBy({ method: 'bearer', token });
    for (const asked of ['one', 'two']) await subject.ask(asked);
    expect(server.arrivals.map(({ headers }) => headers.authorization)).toEqual(['Bearer own-1', 'Bearer own-2']);
  });

  test.each<[string, () => string | Promise<string>]>([
    [
      'throws',
      () => {
        throw new Error('no token, not even s3cret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no token, not even s3cret'))],
    ['returns what is no token', () => 'a b\r\nx: y'],
    ['returns nothing', () => Promise.resolve('')],
  ])('that a function %s is 503, and nothing is sent', async (_rule, token) => {
    authenticateBy({ method: 'bearer', token });
    const answer = await subject.ask();
    expect(answer.status).toBe(503);
    expect(JSON.stringify([answer, answer.event])).not.toContain('s3cret');
    expect(server.arrivals).toEqual([]);
  });

  test('that never comes is 503 at the deadline', async () => {
    authenticateBy({ method: 'bearer', token: () => new Promise<string>(() => {}) });
    await subject.chain.start();
    const pending = subject.ask();
    await new Promise(setImmediate);
    subject.clock.pass(2);
    expect((await pending).status).toBe(503);
  });
});

test('tls_client_auth shows the certificate and names the client in the form [RFC 8705 2.1]', async () => {
  const ca = await certificateOf('localhost');
  const own = await certificateOf('gateway');
  let seen: string | undefined;
  let body = '';
  const tls: Server = createServer({ key: ca.private, cert: ca.cert, ca: own.cert, requestCert: true });
  tls.on('request', async (incoming, outgoing) => {
    seen = (incoming.socket as TLSSocket).getPeerCertificate().subject.CN as string;
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"active":true,"sub":"alice"}');
  });
  tls.listen(0);
  await once(tls, 'listening');
  subject = new IntrospectionUnderTest({
    endpoint: `https://localhost:${(tls.address() as AddressInfo).port}/introspect`,
    clientAuthentication: { method: 'tls_client_auth', clientId: 'gateway' },
    outbound: { certificateAuthorities: ca.cert, clientCertificate: { cert: own.cert, key: own.private } },
  });
  expect(await subject.outcome()).toBe('200');
  expect(seen).toBe('gateway');
  expect(new URLSearchParams(body).get('client_id')).toBe('gateway');
  tls.close();
  tls.closeAllConnections();
});

function certificateOf(name: string) {
  const extensions = [{ name: 'subjectAltName' as const, altNames: [{ type: 2 as const, value: name }] }];
  return generate([{ name: 'commonName', value: name }], { keySize: 2048, extensions });
}

describe('options of client authentication', () => {
  const key = { method: 'private_key_jwt', clientId: 'gateway', privateKey: EC.privateKey, algorithm: 'ES256' };

  test.each<[string, object]>([
    ['an unknown method', { method: 'none', clientId: 'gateway' }],
    ['no method', { clientId: 'gateway', clientSecret: 'x' }],
    ['an empty secret', { method: 'client_secret_basic', clientId: 'gateway', clientSecret: '' }],
    ['a member of another method', { method: 'tls_client_auth', clientId: 'gateway', clientSecret: 'x' }],
    ['mutual TLS without a certificate', { method: 'tls_client_auth', clientId: 'gateway' }],
    [
      'a shared secret shorter than the hash [RFC 7518 3.2]',
      { method: 'client_secret_jwt', clientId: 'g', clientSecret: 'short' },
    ],
    ['an unknown HMAC', { method: 'client_secret_jwt', clientId: 'g', clientSecret: SHARED, algorithm: 'HS1' }],
    ['an algorithm that does not fit the key [RFC 7518 3.4]', { ...key, algorithm: 'RS256' }],
    ['a curve that does not fit the algorithm [RFC 7518 3.4]', { ...key, algorithm: 'ES384' }],
    ['an HMAC with a private key', { ...key, algorithm: 'HS256' }],
    ['the algorithm none', { ...key, algorithm: 'none' }],
    ['a public key for a private one', { ...key, privateKey: EC.publicKey }],
    ['a key that is none', { ...key, privateKey: '-----BEGIN NOTHING-----' }],
    [
      'RSA of 1024 bits [RFC 7518 3.3]',
      {
        ...key,
        privateKey: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
        algorithm: 'RS256',
      },
    ],
    ['a bearer token that is none [RFC 6750 2.1]', { method: 'bearer', token: 'a b' }],
  ])('refuse %s', (_rule, wrong) => {
    subject = new IntrospectionUnderTest({ endpoint: server.endpoint });
    const make = () =>
      new IntrospectionHandler({
        realm: 'test',
        endpoint: 'https://as.example.com/introspect',
        clientAuthentication: wrong as ClientAuthentication,
      });
    expect(make).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_/) }));
  });
});
