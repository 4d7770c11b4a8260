import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { MemoryCacheStore, Revocations } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import type { IntrospectionHandlerCollaborators, IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { IntrospectionUnderTest } from './introspection-fixture.js';
import { IntrospectionServer } from './introspection-server.js';

let server: IntrospectionServer;
let clock: ManualClock;
const opened: IntrospectionUnderTest[] = [];

// Bridging outages warns at start; that it does is a rule of test/core/cache/verdict-cache.test.ts.
let warn: ReturnType<typeof jest.spyOn>;
beforeAll(() => {
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterAll(() => {
  warn.mockRestore();
});

beforeEach(async () => {
  clock = new ManualClock();
  server = await IntrospectionServer.start();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((subject) => subject.close()));
  await server.close();
});

function subjectWith(
  options: Partial<IntrospectionHandlerOptions> = {},
  collaborators: IntrospectionHandlerCollaborators = {},
): IntrospectionUnderTest {
  const subject = new IntrospectionUnderTest({ endpoint: server.endpoint, ...options }, { ...collaborators, clock });
  opened.push(subject);
  return subject;
}

function active(more: object = {}): void {
  server.answers({ body: { active: true, sub: 'alice', jti: 'j1', client_id: 'shop', ...more } });
}

const now = () => clock.now() / 1_000;

/** How many seconds pass, one by one, until the server is asked again about a token. */
async function secondsUntilAsked(subject: IntrospectionUnderTest, limit: number): Promise<number> {
  const before = server.calls;
  for (let seconds = 0; seconds <= limit; seconds += 1) {
    await subject.ask();
    if (server.calls > before) return seconds;
    clock.pass(1);
  }
  return Number.POSITIVE_INFINITY;
}

describe('a good answer is remembered', () => {
  test.each([
    ['for 30 seconds', {}, {}, 30],
    ['for as long as configured', { ttlSeconds: 7 }, {}, 7],
    ['never beyond its end [RFC 7662 4]', {}, { lives: 12 }, 12],
    ['never beyond its end, though that may be a fraction [RFC 7662 4]', {}, { lives: 12.5 }, 13],
    ['for as long as configured, where its end comes later', { ttlSeconds: 7 }, { lives: 8 }, 7],
    ['not at all, where that is configured', { ttlSeconds: 0 }, {}, 0],
  ])('%s', async (_rule, cache, { lives }: { lives?: number }, seconds) => {
    const subject = subjectWith({ cache });
    active(lives === undefined ? {} : { exp: now() + lives });
    await subject.ask();
    expect(await secondsUntilAsked(subject, 40)).toBe(seconds);
  });

  test('not when it has ended, though the tolerance lets it in [RFC 7662 4]', async () => {
    const subject = subjectWith();
    active({ exp: now() - 4 });
    expect(await subject.status()).toBe(200);
    expect(subject.handler.statistics.cache.entries).toBe(0);
    clock.pass(1);
    expect(await subject.outcome()).toBe('401 token_expired');
  });

  test('not beyond its end when somebody sets the clock forward', async () => {
    const subject = subjectWith();
    active({ exp: now() + 600 });
    await subject.ask();
    clock.set(3_600);
    expect(await subject.outcome()).toBe('401 token_expired');
    expect(server.calls).toBe(2);
  });
});

describe('a refusal is remembered', () => {
  test.each([
    ['for 5 seconds', {}, 5],
    ['for as long as configured', { negativeTtlSeconds: 2 }, 2],
    ['not at all, where that is configured', { negativeTtlSeconds: 0 }, 0],
  ])('%s', async (_rule, cache, seconds) => {
    server.answers({ body: { active: false } });
    const subject = subjectWith({ cache });
    await subject.ask();
    expect(await secondsUntilAsked(subject, 40)).toBe(seconds);
  });

  test('not when time lifts it: a token is good from its nbf on, less the tolerance [RFC 7519 4.1.5]', async () => {
    active({ nbf: now() + 7 });
    const subject = subjectWith();
    expect(await subject.outcome()).toBe('401 token_not_yet_valid');
    clock.pass(1);
    expect(await subject.outcome()).toBe('401 token_not_yet_valid');
    clock.pass(1);
    expect(await subject.outcome()).toBe('200');
  });
});

describe('during an outage', () => {
  const down = () => server.answers({ status: 500 });

  test('a remembered answer serves its time, and then it is 503', async () => {
    const subject = subjectWith();
    await subject.ask();
    down();
    clock.pass(29);
    expect(await subject.status()).toBe(200);
    clock.pass(1);
    expect(await subject.status()).toBe(503);
  });

  test('it serves longer only where that is switched on, and no longer than that', async () => {
    const subject = subjectWith({ cache: { staleIfUnavailableSeconds: 10 } });
    await subject.ask();
    down();
    clock.pass(39);
    const stale = await subject.ask();
    expect([stale.status, stale.event.steps[0]?.cache]).toEqual([200, 'stale']);
    expect(subject.handler.statistics.cache.staleHits).toBe(1);
    clock.pass(1);
    expect(await subject.status()).toBe(503);
  });

  test('it never serves beyond its end [RFC 7662 4]', async () => {
    active({ exp: now() + 32 });
    const subject = subjectWith({ cache: { staleIfUnavailableSeconds: 30 } });
    await subject.ask();
    down();
    clock.pass(31);
    expect(await subject.status()).toBe(200);
    clock.pass(1);
    expect(await subject.status()).toBe(503);
  });

  test.each<[string, (revocations: Revocations) => Promise<boolean>]>([
    ['the token', (revocations) => revocations.revokeToken('token')],
    ['its jti', (revocations) => revocations.revokeJti('j1')],
    ['its client', (revocations) => revocations.revokeClient('shop')],
    ['its subject', (revocations) => revocations.revokeSubject('alice')],
  ])('it never serves after %s was revoked', async (_what, revoke) => {
    active({ iat: now() - 1 });
    const revocations = new Revocations({}, { clock });
    const subject = subjectWith({ cache: { staleIfUnavailableSeconds: 30 } }, { revocations });
    await subject.ask();
    down();
    clock.pass(31);
    expect(await subject.status()).toBe(200);
    await revoke(revocations);
    expect(await subject.status()).not.toBe(200);
  });

  test('a refusal is an answer and no outage: it ends what was remembered', async () => {
    const subject = subjectWith({ cache: { staleIfUnavailableSeconds: 30 } });
    await subject.ask();
    clock.pass(30);
    server.answers({ body: { active: false } });
    expect(await subject.status()).toBe(401);
    down();
    clock.pass(5);
    expect(await subject.status()).toBe(503);
  });

  test('tokens that are remembered are served while the circuit is open', async () => {
    const subject = subjectWith();
    const before = ['a', 'b', 'c', 'd', 'e'];
    for (const token of before) expect(await subject.status(token)).toBe(200);
    clock.pass(30);
    await subject.ask('known');
    down();
    for (const token of before) expect(await subject.status(token)).toBe(503);
    expect(subject.handler.statistics.outbound.circuit).toBe('open');
    expect(await subject.outcome('unknown')).toBe('503 err_sallyport_upstream_circuit_open');
    expect(subject.decide('known')).toMatchObject({ kind: 'granted' });
  });
});

describe('the server is not asked about the same token again', () => {
  const retryAfterOf = (headers: readonly (readonly [string, string])[]) =>
    Number(headers.find(([name]) => name === 'Retry-After')?.[1]);

  test.each([
    ['for 5 seconds after it refused our credentials', 401, {}, 5],
    ['for longer, where it asks for that, too', 403, { 'retry-after': '9' }, 9],
    ['for as long as it asks with 429 [RFC 6585 4]', 429, { 'retry-after': '11' }, 11],
    ['for as long as it asks with 503 [RFC 9110 10.2.3]', 503, { 'retry-after': '3' }, 3],
    ['for a minute at most', 503, { 'retry-after': '3600' }, 60],
    ['for 5 seconds after a 429 that asks for nothing', 429, {}, 5],
    ['for 5 seconds after a 500', 500, {}, 5],
    ['for 5 seconds where it asks for no number', 503, { 'retry-after': 'soon' }, 5],
    ['for 5 seconds where it asks for 0 seconds', 503, { 'retry-after': '0' }, 5],
  ])('%s', async (_rule, status, headers, seconds) => {
    server.answers({ status, headers });
    const subject = subjectWith();
    const first = await subject.ask();
    expect(first.status).toBe(503);
    const asked = Number(Object.values(headers)[0]) || 0;
    expect(retryAfterOf(first.headers)).toBeGreaterThanOrEqual(Math.min(asked, 60));
    expect(await secondsUntilAsked(subject, 70)).toBe(seconds);
  });
});

describe('a shared store', () => {
  const cache = { secret: 'a deployment secret of 32 characters or more' };

  test('lets another instance answer without a call', async () => {
    const store = new MemoryCacheStore({}, { clock });
    await subjectWith({ cache }, { store }).ask();
    const other = subjectWith({ cache }, { store });
    expect(await other.status()).toBe(200);
    expect(server.calls).toBe(1);
    expect(other.handler.statistics.cache.sharedHits).toBe(1);
  });

  test.each<[string, Partial<IntrospectionHandlerOptions>]>([
    ['another name', { name: 'other' }],
    ['another audience', { audience: 'api', audienceOptional: true }],
    ['another issuer', { issuer: 'https://as.example.com' }],
    ['another client', { clientAuthentication: { method: 'client_secret_basic', clientId: 'b', clientSecret: 'c' } }],
    ['another tolerance', { clockToleranceSeconds: 6 }],
    ['another secret', { cache: { secret: 'another deployment secret of 32 characters' } }],
    ['another lifetime', { cache: { ...cache, ttlSeconds: 29 } }],
  ])('is not shared with a handler that has %s', async (_rule, options) => {
    const store = new MemoryCacheStore({}, { clock });
    await subjectWith({ cache }, { store }).ask();
    await subjectWith({ cache, ...options }, { store }).ask();
    expect(server.calls).toBe(2);
  });

  test('holds neither token nor claims in the clear', async () => {
    const seen: string[] = [];
    const store = {
      get: (key: string) => void seen.push(key),
      set: (key: string, value: string) => void seen.push(key, value),
      delete: () => {},
    };
    await subjectWith({ cache }, { store }).ask('canary-token');
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(seen.join('\n')).not.toContain('canary');
  });
});

test('a revoked token is refused without a call', async () => {
  const revocations = new Revocations({}, { clock });
  const subject = subjectWith({}, { revocations });
  await subject.ask();
  await revocations.revokeToken('token');
  expect(await subject.outcome()).toBe('401 token_revoked');
  expect(server.calls).toBe(1);
});
