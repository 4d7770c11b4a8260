import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { anyOf, every, Revocations, requireScopes, SecurityChain } from '@sallyport/core';
import { ask, buildRequest } from '@sallyport/core/testing';
import {
  IntrospectionHandler,
  type IntrospectionHandlerOptions,
  onIntrospectionEvent,
} from '@sallyport/handlers/introspection';
import { CLIENT, IntrospectionUnderTest } from './introspection-fixture.js';
import { IntrospectionServer } from './introspection-server.js';

let server: IntrospectionServer;
const opened: IntrospectionUnderTest[] = [];

beforeEach(async () => {
  server = await IntrospectionServer.start();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((subject) => subject.close()));
  await server.close();
});

function subjectWith(options: Partial<IntrospectionHandlerOptions> = {}): IntrospectionUnderTest {
  const subject = new IntrospectionUnderTest({ endpoint: server.endpoint, ...options });
  opened.push(subject);
  return subject;
}

describe('the request', () => {
  test('is a form sent by POST, with the token and a hint, and asks for plain JSON [RFC 7662 2.1]', async () => {
    await subjectWith().ask('a-token~1/+==');
    const { method, path, headers, form } = server.last;
    expect([method, path]).toEqual(['POST', '/introspect']);
    expect(headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'accept-encoding': 'identity',
    });
    expect(Object.fromEntries(form)).toEqual({ token: 'a-token~1/+==', token_type_hint: 'access_token' });
  });

  test.each([
    ['another hint', 'opaque', 'opaque'],
    ['no hint', false, null],
  ] as const)('carries %s where the options say so [RFC 7662 2.1]', async (_rule, tokenTypeHint, sent) => {
    await subjectWith({ tokenTypeHint }).ask();
    expect(server.last.form.get('token_type_hint')).toBe(sent);
  });

  test('is not sent for what is no b64token [RFC 6750 2.1]', async () => {
    const subject = subjectWith();
    for (const token of ['to ken', 'tök', 'a"b', 'a=b', 'a,b']) expect(await subject.status(token)).toBe(400);
    expect(await subject.status('x'.repeat(8_193))).toBe(400);
    expect(await subject.status('x'.repeat(8_192))).toBe(200);
    expect(server.calls).toBe(1);
  });

  test('is not waited for by what is no b64token: decide() returns no promise [RFC 6750 3.1]', () => {
    const subject = subjectWith();
    expect(subject.decide('to ken')).toMatchObject({ kind: 'denied', status: 400, reason: 'bearer_token_malformed' });
    expect(subject.handler.statistics.cache.misses).toBe(0);
  });

  test('is not sent when there is no bearer token', async () => {
    const { chain } = subjectWith();
    expect((await ask(chain, '/', { basic: ['alice', 'wonderland'] })).status).toBe(401);
    expect((await ask(chain, '/')).challenges).toEqual(['Bearer realm="test"']);
    expect(server.arrivals).toEqual([]);
  });
});

describe('an active token', () => {
  test('becomes a principal with what the answer says [RFC 7662 2.2]', async () => {
    const subject = subjectWith({ audience: 'https://api.example.com', issuer: 'https://as.example.com' });
    const exp = subject.now + 600;
    const iat = subject.now - 1;
    server.answers({
      body: {
        active: true,
        iss: 'https://as.example.com',
        sub: 'alice',
        client_id: 'web-shop',
        scope: 'orders:read orders:write',
        aud: ['https://api.example.com', 'https://other.example.com'],
        token_type: 'Bearer',
        exp,
        iat,
        department: 'shoes',
      },
    });
    const { principal } = await subject.ask();
    expect(principal).toMatchObject({
      kind: 'user',
      issuer: 'https://as.example.com',
      subject: 'alice',
      clientId: 'web-shop',
      scopes: ['orders:read', 'orders:write'],
      audience: ['https://api.example.com', 'https://other.example.com'],
      expiresAt: exp,
      issuedAt: iat,
      via: [{ handler: 'introspection', scheme: 'bearer' }],
    });
    expect(principal?.claims).toMatchObject({ department: 'shoes' });
  });

  test.each([
    ['the client, where no subject is named', { client_id: 'batch' }, { kind: 'client', subject: 'batch' }],
    ['the client, where it is the subject', { sub: 'batch', client_id: 'batch' }, { kind: 'client', subject: 'batch' }],
    ['the user name, where there is nothing else', { username: 'alice' }, { kind: 'user', subject: 'alice' }],
  ])('is that of %s [RFC 7662 2.2]', async (_rule, names, expected) => {
    server.answers({ body: { active: true, ...names } });
    expect((await subjectWith().ask()).principal).toMatchObject(expected);
  });

  test('is forbidden where it lacks a scope, and the challenge names the scope [RFC 6750 3.1]', async () => {
    server.answers({ body: { active: true, sub: 'alice', scope: 'orders:read' } });
    const { handler, clock } = subjectWith();
    const chain = new SecurityChain(
      { requirement: handler, guards: [every(requireScopes('orders:write'))] },
      { clock },
    );
    const answer = await ask(chain, '/', { bearer: 'token' });
    expect(answer.status).toBe(403);
    expect(answer.challenges).toEqual([expect.stringContaining('error="insufficient_scope"')]);
    expect(answer.challenges).toEqual([expect.stringContaining('scope="orders:write"')]);
  });
});

describe('the issuer of a principal', () => {
  const issuer = 'https://as.example';
  const answer = { active: true, sub: 'alice', iat: 1_700_000_000 };

  test('is the configured one where the answer names none: identity is issuer and subject', async () => {
    server.answers({ body: answer });
    expect((await subjectWith({ issuer }).ask()).principal).toMatchObject({ issuer, subject: 'alice' });
    expect((await subjectWith().ask()).principal?.issuer).toBeUndefined();
  });

  test('is what a revocation of its subject finds it by', async () => {
    server.answers({ body: answer });
    const revocations = new Revocations();
    const subject = new IntrospectionUnderTest({ endpoint: server.endpoint, issuer }, { revocations });
    opened.push(subject);
    expect(await subject.outcome('token')).toBe('200');
    revocations.revokeSubject('alice', { issuer });
    expect(await subject.outcome('token')).toBe('401 token_revoked');
  });
});

test('a server that repeats the token does not get it into the principal: nothing keeps a raw credential', async () => {
  const repeated = { token_string: 'canary-token', jti: 'canary-token', ['__proto__']: 'kept' };
  server.answers({ body: JSON.stringify({ active: true, sub: 'alice', department: 'shoes', ...repeated }) });
  const { principal } = await subjectWith().ask('canary-token');
  expect(Object.keys(principal?.claims ?? {}).toSorted()).toEqual(['__proto__', 'active', 'department', 'sub']);
  expect(JSON.stringify(principal)).not.toContain('canary');
});

describe('a token that is not active', () => {
  test('is refused with a challenge that says so and nothing more [RFC 7662 2.2, RFC 6750 3.1]', async () => {
    server.answers({ body: { active: false, sub: 'alice', exp: 1 } });
    const { status, reason, challenges, principal } = await subjectWith().ask();
    expect([status, reason, principal]).toEqual([401, 'token_inactive', undefined]);
    expect(challenges).toHaveLength(1);
    expect(challenges[0]).toMatch(/^Bearer realm="test", error="invalid_token"/);
  });

  test('is rescued by no other handler', async () => {
    server.answers(({ form }) => ({ body: { active: form.has('client_secret'), sub: 'alice' } }));
    const first = subjectWith({ name: 'first' });
    const second = subjectWith({
      name: 'second',
      fallback: true,
      clientAuthentication: { ...CLIENT, method: 'client_secret_post' },
    });
    const chain = new SecurityChain({ requirement: anyOf(first.handler, second.handler) }, { clock: first.clock });
    expect((await ask(chain, '/', { bearer: 'token' })).status).toBe(401);
    expect(server.calls).toBe(1);
  });
});

describe('a remembered answer', () => {
  test('is decided synchronously: decide() returns no promise', async () => {
    const subject = subjectWith();
    expect(subject.decide()).toBeInstanceOf(Promise);
    await subject.ask();
    const decision = subject.decide();
    expect(decision).not.toBeInstanceOf(Promise);
    expect(decision).toMatchObject({ kind: 'granted' });
    expect(server.calls).toBe(1);
  });

  test('that refuses is decided synchronously, too', async () => {
    server.answers({ body: { active: false } });
    const subject = subjectWith();
    await subject.ask();
    expect(subject.decide()).toMatchObject({ kind: 'denied', status: 401 });
    expect(server.calls).toBe(1);
  });

  test('is shared by 1,000 concurrent first uses, which make one call', async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.answers(async () => {
      await held;
      return { body: { active: true, sub: 'alice' } };
    });
    const subject = subjectWith();
    const decisions = Array.from({ length: 1_000 }, () => subject.decide());
    release();
    const kinds = new Set((await Promise.all(decisions)).map(({ kind }) => kind));
    expect([...kinds]).toEqual(['granted']);
    expect(server.calls).toBe(1);
    expect(subject.handler.statistics).toMatchObject({
      cache: { misses: 1, joined: 999, entries: 1, flights: 0 },
      outbound: { calls: 1, retries: 0, failures: 0, refused: 0, circuit: 'closed' },
    });
  });

  test('is kept under the whole token: tokens that look alike are different ones', async () => {
    server.answers(({ form }) => ({ body: { active: true, sub: `owner of ${form.get('token')}` } }));
    const subject = subjectWith();
    const tokens = ['token', 'Token', 'token=', 'token1', '1token', `${'x'.repeat(64)}token`];
    for (const token of tokens) expect((await subject.ask(token)).principal?.subject).toBe(`owner of ${token}`);
    for (const token of tokens) expect((await subject.ask(token)).principal?.subject).toBe(`owner of ${token}`);
    expect(server.calls).toBe(tokens.length);
  });

  test('is checked against scopes on every request', async () => {
    server.answers({ body: { active: true, sub: 'alice', scope: 'read' } });
    const { handler, clock } = subjectWith();
    const chainFor = (scope: string) =>
      new SecurityChain({ requirement: handler, guards: [requireScopes(scope)] }, { clock });
    expect((await ask(chainFor('read'), '/', { bearer: 'token' })).status).toBe(200);
    expect((await ask(chainFor('write'), '/', { bearer: 'token' })).status).toBe(403);
    expect(server.calls).toBe(1);
  });
});

describe('an outage', () => {
  test.each([500, 502, 503, 429, 404, 400, 302, 204, 201])(
    'a status of %i is 503 for a moment, and never 401',
    async (status) => {
      server.answers({ status, headers: { location: `${server.origin}/elsewhere` }, body: status === 204 ? '' : '{}' });
      const subject = subjectWith();
      const { challenges, headers, status: answered } = await subject.ask();
      expect(answered).toBe(503);
      expect(challenges).toEqual([]);
      expect(headers.map(([name]) => name)).toContain('Retry-After');
      server.answers({ body: { active: true, sub: 'alice' } });
      expect(await subject.status()).toBe(503);
      subject.clock.pass(5);
      expect(await subject.status()).toBe(200);
      expect(server.arrivals.map(({ path }) => path)).toEqual(['/introspect', '/introspect']);
    },
  );

  test.each([401, 403])(
    'a %i to our own client is 503, events and pauses, and never 401 [RFC 7662 2.3]',
    async (status) => {
      const events: unknown[] = [];
      const stop = onIntrospectionEvent((event) => events.push(event));
      server.answers({ status, body: { error: 'invalid_client' } });
      const subject = subjectWith();
      for (let index = 0; index < 50; index += 1) {
        expect(await subject.outcome(`token-${index}`)).toBe('503 introspection_credentials_refused');
      }
      stop();
      expect(server.calls).toBe(4);
      const detail = `${server.endpoint}: the answer has status ${status}`;
      expect(events).toEqual(Array(4).fill({ kind: 'credentials_refused', handler: 'introspection', status, detail }));
      server.answers({ body: { active: true, sub: 'alice' } });
      subject.clock.pass(5);
      expect(await subject.status('token-0')).toBe(200);
      expect(await subject.status('token-1')).toBe(200);
    },
  );
});

test('start() asks nobody, and close() leaves nothing that waits', async () => {
  const subject = subjectWith();
  await subject.chain.start();
  expect(server.arrivals).toEqual([]);
  expect(await subject.status()).toBe(200);
  await subject.close();
  expect(subject.clock.waiting).toBe(0);
});

describe('options', () => {
  const fine = { realm: 'test', endpoint: 'https://as.example.com/introspect', clientAuthentication: CLIENT };

  test.each<[string, object]>([
    ['a plain http endpoint', { endpoint: 'http://as.example.com/introspect' }],
    [
      'a plain http endpoint on a loopback host, where that was not allowed',
      { endpoint: 'http://127.0.0.1/introspect' },
    ],
    [
      'plain http for a host that only looks like a loopback host',
      {
        endpoint: 'http://127.0.0.1.example.com/',
        outbound: { allowInsecureLoopback: true },
      },
    ],
    ['credentials in the endpoint', { endpoint: 'https://a:b@as.example.com/introspect' }],
    ['a fragment in the endpoint', { endpoint: 'https://as.example.com/introspect#a' }],
    ['no absolute URL', { endpoint: '/introspect' }],
    ['neither endpoint nor issuer', { endpoint: undefined }],
    ['an issuer with a query, where it has to be discovered', { endpoint: undefined, issuer: 'https://a.example/?b' }],
    ['requireIssuer without an issuer', { requireIssuer: true }],
    ['an empty audience', { audience: [] }],
    ['an unknown option', { endpiont: 'https://as.example.com' }],
    ['an unknown cache option', { cache: { ttl: 3 } }],
    ['an unknown outbound option', { outbound: { timeout: 3 } }],
    ['a timeout out of range', { outbound: { timeoutMs: 0 } }],
    ['a tolerance out of range', { clockToleranceSeconds: 61 }],
    ['stale answers for longer than 30 seconds', { cache: { staleIfUnavailableSeconds: 31 } }],
    ['a mapping that is no function', { mapPrincipal: 'sub' }],
    ['no realm', { realm: '' }],
  ])('refuse %s', (_rule, wrong) => {
    expect(() => new IntrospectionHandler({ ...fine, ...wrong })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_(INVALID|UNKNOWN)$/) }),
    );
  });

  test('refuse a shared store without a secret', () => {
    const store = { get: () => undefined, set: () => {}, delete: () => {} };
    expect(() => new IntrospectionHandler(fine, { store })).toThrow(
      /VerdictCacheOptions.secret .* cache.secret of the handler/,
    );
  });

  test('let verification of certificates be switched off by a name that says so, with a warning', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    new IntrospectionHandler({ ...fine, outbound: { dangerouslyAcceptAnyCertificate: true } });
    const said = warn.mock.calls.map(([warning]) => warning);
    warn.mockRestore();
    expect(said).toEqual([expect.stringContaining('dangerouslyAcceptAnyCertificate')]);
  });

  test('extract finds a token without any look at it', () => {
    const handler = new IntrospectionHandler(fine);
    expect(handler.extract(buildRequest('/', { bearer: 'a.b.c' }))).toBe('a.b.c');
    expect(handler.extract(buildRequest('/'))).toBeUndefined();
  });

  test('extract finds no token behind another scheme [RFC 9110 11.1]', () => {
    const handler = new IntrospectionHandler(fine);
    expect(handler.extract(buildRequest('/', { basic: ['alice', 'wonderland'] }))).toBeUndefined();
  });
});
