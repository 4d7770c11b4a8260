import { describe, expect, test } from '@jest/globals';
import { type JwtUnderTest, jwtWith, keyServer, nextKeySetEvent, published, tokenBy, trusted } from './jwt-fixture.js';
import { type KeyServer, keySet } from './key-server.js';
import { newKey } from './signing.js';

const OLD = newKey('ES256', 'old');
const NEW = newKey('ES256', 'new');

let serial = 0;

/** A token that nobody has seen yet. */
function fresh(key = OLD, header: Readonly<Record<string, unknown>> = {}): string {
  serial += 1;
  return tokenBy(key, { jti: `token-${serial}`, exp: 1_900_000_000 }, header);
}

async function underTest(
  keys: Parameters<typeof published>[1] = {},
): Promise<{ jwt: JwtUnderTest; server: KeyServer }> {
  const server = await keyServer(OLD.jwk);
  return { server, jwt: jwtWith(trusted(published(server, keys))) };
}

/** Answers only when the test says so. */
function held(server: KeyServer, ...keys: readonly object[]): () => void {
  let release = () => {};
  const { answer } = server;
  server.answer = (request, response) => {
    release = () => keySet(keys)(request, response);
  };
  return () => {
    server.answer = answer;
    release();
  };
}

describe('rotation without a restart', () => {
  test('a new key is found when the first token names it (RFC 7517 4.5)', async () => {
    const { jwt, server } = await underTest();
    expect(await jwt.outcome(fresh(OLD))).toBe('granted');
    server.publish(OLD.jwk, NEW.jwk);
    expect(await jwt.outcome(fresh(NEW))).toBe('granted');
    expect(await jwt.outcome(fresh(OLD))).toBe('granted');
    expect(server.fetches).toBe(2);
  });

  test('a key that is withdrawn stops with the next fetch, and so do the tokens that it verified', async () => {
    const { jwt, server } = await underTest();
    const remembered = fresh(OLD);
    await jwt.decide(remembered);
    server.publish(NEW.jwk);
    expect(jwt.decide(remembered)).toMatchObject({ kind: 'granted' });
    expect(await jwt.outcome(fresh(NEW))).toBe('granted');
    expect(await jwt.outcome(remembered)).toBe('401 key_unknown');
    expect(await jwt.outcome(fresh(OLD))).toBe('401 key_unknown');
    expect(jwt.handler.statistics.cache).toMatchObject({ hits: 1 });
  });

  test('of one issuer leaves the remembered tokens of others alone', async () => {
    const [first, second] = [await keyServer(OLD.jwk), await keyServer(OLD.jwk)];
    const other = 'https://other.example.com';
    const jwt = jwtWith([trusted(published(first)), trusted(published(second), { issuer: other })]);
    const [mine, theirs] = [fresh(OLD), tokenBy(OLD, { iss: other })];
    await Promise.all([jwt.decide(mine), jwt.decide(theirs)]);
    first.publish(NEW.jwk);
    expect(await jwt.outcome(fresh(NEW))).toBe('granted');
    expect(await jwt.outcome(theirs)).toBe('granted');
    expect(jwt.handler.statistics.cache).toMatchObject({ hits: 1, misses: 3 });
    expect(await jwt.outcome(mine)).toBe('401 key_unknown');
  });

  test('another key under the same kid replaces the first one', async () => {
    const { jwt, server } = await underTest();
    const remembered = fresh(OLD);
    await jwt.decide(remembered);
    server.publish({ ...NEW.jwk, kid: 'old' });
    jwt.clock.pass(480);
    const loaded = nextKeySetEvent('keys_loaded');
    await jwt.decide(fresh(OLD));
    await loaded;
    expect(await jwt.outcome(fresh({ ...NEW, kid: 'old' }))).toBe('granted');
    expect(await jwt.outcome(remembered)).toBe('401 signature_invalid');
  });

  test('a verification that began before a key was withdrawn is not remembered after it', async () => {
    const { jwt, server } = await underTest();
    await jwt.handler.start();
    server.publish(NEW.jwk);
    const token = fresh(OLD);
    const [first] = await Promise.all([jwt.outcome(token), jwt.outcome(fresh(NEW))]);
    expect(first).toBe('granted');
    expect(await jwt.outcome(token)).toBe('401 key_unknown');
  });

  test('keys that stay the same leave remembered tokens alone', async () => {
    const { jwt, server } = await underTest({ maxAgeSeconds: 10 });
    const token = fresh(OLD);
    await jwt.decide(token);
    server.publish({ ...OLD.jwk, x5c: ['changed'] }, NEW.jwk);
    jwt.clock.pass(9);
    const loaded = nextKeySetEvent('keys_loaded');
    await jwt.decide(fresh(OLD));
    await loaded;
    expect(jwt.decide(token)).toMatchObject({ kind: 'granted' });
  });
});

describe('one fetch is under way', () => {
  test('for a thousand tokens at a cold start', async () => {
    const { jwt, server } = await underTest();
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => jwt.outcome(fresh(OLD))));
    expect(new Set(outcomes)).toEqual(new Set(['granted']));
    expect(server.fetches).toBe(1);
  });

  test('for a thousand tokens with a new kid', async () => {
    const { jwt, server } = await underTest();
    await jwt.handler.start();
    server.publish(OLD.jwk, NEW.jwk);
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => jwt.outcome(fresh(NEW))));
    expect(new Set(outcomes)).toEqual(new Set(['granted']));
    expect(server.fetches).toBe(2);
  });

  test('for a flood of made-up kids, behind which no known key waits (CVE-2026-48524)', async () => {
    const { jwt, server } = await underTest();
    await jwt.handler.start();
    const release = held(server, OLD.jwk);
    const flood = Array.from({ length: 1_000 }, (_, index) => jwt.outcome(fresh(OLD, { kid: `made-up-${index}` })));
    await server.arrivals(2);
    const good = await Promise.all(Array.from({ length: 100 }, () => jwt.outcome(fresh(OLD))));
    expect(new Set(good)).toEqual(new Set(['granted']));
    release();
    expect(new Set(await Promise.all(flood))).toEqual(new Set(['401 key_unknown']));
    // The third is that of a network whose tokens were good: what it joined may have been answered too early.
    expect(server.fetches).toBe(3);
  });

  test('for strangers, and one of its own for a network that was good before and has a newer key', async () => {
    const { jwt, server } = await underTest();
    const [home, strange] = ['198.51.100.7', '203.0.113.9'];
    expect(await jwt.decide(fresh(OLD), home)).toMatchObject({ kind: 'granted' });
    jwt.clock.pass(61);
    const release = held(server, OLD.jwk);
    const stranger = jwt.decide(fresh(OLD, { kid: 'made-up' }), strange);
    await server.arrivals(2);
    const good = jwt.decide(fresh(NEW), home);
    release();
    server.publish(OLD.jwk, NEW.jwk);
    expect(await good).toMatchObject({ kind: 'granted' });
    expect(await stranger).toMatchObject({ kind: 'denied', reason: 'key_unknown' });
    expect(server.fetches).toBe(3);
  });

  test("whose failure is everybody's, and remembered for nobody", async () => {
    const { jwt, server } = await underTest();
    server.answer = (_request, response) => response.writeHead(500).end();
    const tokens = Array.from({ length: 100 }, () => fresh(OLD));
    const outcomes = await Promise.all(tokens.map((token) => jwt.outcome(token)));
    expect(new Set(outcomes)).toEqual(new Set(['503 err_sallyport_upstream_status']));
    expect(server.fetches).toBe(1);
    server.publish(OLD.jwk);
    jwt.clock.pass(1);
    const again = await Promise.all(tokens.map((token) => jwt.outcome(token)));
    expect(new Set(again)).toEqual(new Set(['granted']));
  });

  test('that outlives the decisions which wait for it', async () => {
    const { jwt, server } = await underTest({ outbound: { allowInsecureLoopback: true, timeoutMs: 30_000 } });
    const release = held(server, OLD.jwk);
    const asking = jwt.outcome(fresh(OLD));
    await server.arrivals(1);
    jwt.clock.pass(5);
    expect(await asking).toBe('503 deadline_exceeded');
    const loaded = nextKeySetEvent('keys_loaded');
    release();
    await loaded;
    expect(await jwt.outcome(fresh(OLD))).toBe('granted');
    expect(server.fetches).toBe(1);
  });
});

describe('an outage', () => {
  test('leaves the last good keys in use: an empty set replaces nothing', async () => {
    const { jwt, server } = await underTest();
    await jwt.handler.start();
    server.publish();
    jwt.clock.pass(480);
    const failed = nextKeySetEvent('keys_unavailable');
    expect(await jwt.outcome(fresh(OLD))).toBe('granted');
    expect(await failed).toMatchObject({ reason: 'ERR_SALLYPORT_UPSTREAM_BODY' });
    jwt.clock.pass(600);
    expect(await jwt.outcome(fresh(OLD))).toBe('granted');
    expect(await jwt.outcome(fresh(NEW))).toBe('503 err_sallyport_upstream_body');
  });

  test('of one issuer is no outage of another', async () => {
    const [first, second] = [await keyServer(OLD.jwk), await keyServer(NEW.jwk)];
    first.answer = (_request, response) => response.writeHead(500).end();
    const other = 'https://other.example.com';
    const jwt = jwtWith([trusted(published(first)), trusted(published(second), { issuer: other })]);
    expect(await jwt.outcome(fresh(OLD))).toBe('503 err_sallyport_upstream_status');
    expect(await jwt.outcome(tokenBy(NEW, { iss: other }))).toBe('granted');
  });

  test('does not make a token good or bad that is refused anyway', async () => {
    const { jwt, server } = await underTest();
    await server.close();
    expect(await jwt.outcome(fresh(OLD, { alg: 'none' }))).toBe('401 algorithm_not_allowed');
    expect(await jwt.outcome(fresh(OLD, { typ: 'JWT' }))).toBe('401 token_type_refused');
    // A signature that no key can have made needs none.
    expect(await jwt.outcome(`${fresh(OLD)}AAAA`)).toBe('401 signature_invalid');
    expect(server.fetches).toBe(0);
  });
});

test('1 000 keys in a set are allowed, and the right one is found', async () => {
  const { jwt, server } = await underTest();
  server.publish(...Array.from({ length: 999 }, (_, index) => ({ ...NEW.jwk, kid: `key-${index}` })), OLD.jwk);
  expect(await jwt.outcome(fresh(OLD))).toBe('granted');
  expect(await jwt.outcome(fresh({ ...NEW, kid: 'key-500' }))).toBe('granted');
});

test('after it was closed, nothing of a handler waits for anything', async () => {
  const { jwt, server } = await underTest();
  await jwt.decide(fresh(OLD));
  await jwt.handler.close();
  expect(jwt.clock.waiting).toBe(0);
  expect(server.fetches).toBe(1);
});
