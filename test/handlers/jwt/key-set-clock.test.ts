import { describe, expect, test } from '@jest/globals';
import {
  type JwtUnderTest,
  jwtWith,
  keyServer,
  NOON,
  nextKeySetEvent,
  published,
  tokenBy,
  trusted,
} from './jwt-fixture.js';
import { type KeyServer, keySet } from './key-server.js';
import { newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');

let serial = 0;

/** A token that nobody has seen yet, of a key that is published or of one that is not. */
function fresh(kid?: string): string {
  serial += 1;
  const header = kid === undefined ? {} : { kid };
  return tokenBy(EC, { jti: `token-${serial}`, exp: NOON + 90_000 }, header);
}

async function underTest(
  keys: Parameters<typeof published>[1] = {},
): Promise<{ jwt: JwtUnderTest; server: KeyServer }> {
  const server = await keyServer(EC.jwk);
  return { server, jwt: jwtWith(trusted(published(server, keys))) };
}

function broken(server: KeyServer, headers: Record<string, string> = {}): void {
  server.answer = (_request, response) => response.writeHead(500, headers).end();
}

describe('keys', () => {
  test.each([
    [{}, undefined, 480],
    [{ maxAgeSeconds: 100 }, undefined, 80],
    [{}, 'max-age=100', 80],
    [{}, 'public, max-age="100", must-revalidate', 80],
    [{}, 'max-age=86400', 480],
    [{}, 'max-age=5', 24],
    [{ cooldownSeconds: 1 }, 'max-age=5', 4],
    [{}, 'no-store', 24],
    [{ maxAgeSeconds: 20 }, 'no-cache', 16],
    [{}, 'max-age=nonsense', 480],
  ])(
    'with %j and Cache-Control: %s are fetched again after %i s, while nobody waits',
    async (keys, control, seconds) => {
      const { server, jwt } = await underTest(keys);
      server.answer = keySet([EC.jwk], control === undefined ? {} : { 'cache-control': control });
      await jwt.handler.start();
      jwt.clock.pass(seconds - 1);
      expect(await jwt.outcome(fresh())).toBe('granted');
      expect(server.fetches).toBe(1);
      jwt.clock.pass(1);
      const loaded = nextKeySetEvent('keys_loaded');
      expect(await jwt.outcome(fresh())).toBe('granted');
      await loaded;
      expect(server.fetches).toBe(2);
    },
  );

  test('that are too old are waited for, but only for the deadline of one fetch', async () => {
    const { server, jwt } = await underTest();
    await jwt.handler.start();
    server.answer = () => {};
    jwt.clock.pass(599);
    expect(await jwt.outcome(fresh())).toBe('granted');
    await server.arrivals(2);
    jwt.clock.pass(1);
    const waiting = jwt.outcome(fresh());
    jwt.clock.pass(1);
    expect(await waiting).toBe('granted');
    expect(await jwt.outcome(fresh())).toBe('granted');
    expect(server.fetches).toBe(2);
  });

  test('that are too old are waited for: one that was withdrawn meanwhile does not count', async () => {
    const { server, jwt } = await underTest();
    await jwt.handler.start();
    server.publish(newKey('ES256', 'key-2').jwk);
    jwt.clock.pass(600);
    expect(await jwt.outcome(fresh())).toBe('401 key_unknown');
  });

  test.each([
    [{}, 4_200],
    [{ maxAgeSeconds: 60, maxStaleSeconds: 60 }, 120],
    [{ maxAgeSeconds: 60, maxStaleSeconds: 0 }, 60],
  ])('with %j serve on for %i s while the key server fails, then it is 503', async (keys, seconds) => {
    const { server, jwt } = await underTest(keys);
    await jwt.handler.start();
    broken(server);
    const known = fresh();
    jwt.clock.pass(seconds - 1);
    expect(await jwt.outcome(known)).toBe('granted');
    expect(jwt.decide(known)).toMatchObject({ kind: 'granted' });
    jwt.clock.pass(1);
    expect(await jwt.outcome(fresh())).toBe('503 err_sallyport_upstream_status');
    // Nobody can tell whether the key of what was verified before still stands.
    expect(await jwt.outcome(known)).toBe('503 err_sallyport_upstream_status');
    server.publish(EC.jwk);
    jwt.clock.pass(30);
    expect(await jwt.outcome(fresh())).toBe('granted');
  });
});

describe('a fetch that failed', () => {
  test('is repeated after 1, 2, 4, 8, 16 and then every 30 s, and not before', async () => {
    const { server, jwt } = await underTest();
    broken(server);
    const token = fresh();
    expect(await jwt.outcome(token)).toBe('503 err_sallyport_upstream_status');
    let fetches = 1;
    for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
      jwt.clock.pass(pause - 0.001);
      expect(await jwt.outcome(token)).toBe('503 err_sallyport_upstream_status');
      expect(server.fetches).toBe(fetches);
      jwt.clock.pass(0.001);
      expect(await jwt.outcome(token)).toBe('503 err_sallyport_upstream_status');
      fetches += 1;
      expect(server.fetches).toBe(fetches);
    }
    server.publish(EC.jwk);
    jwt.clock.pass(30);
    expect(await jwt.outcome(token)).toBe('granted');
  });

  test('is repeated after 1 s again when a fetch was good in between', async () => {
    const { server, jwt } = await underTest({ maxAgeSeconds: 1, maxStaleSeconds: 0 });
    broken(server);
    await jwt.decide(fresh());
    jwt.clock.pass(1);
    await jwt.decide(fresh());
    server.publish(EC.jwk);
    jwt.clock.pass(2);
    expect(await jwt.outcome(fresh())).toBe('granted');
    broken(server);
    jwt.clock.pass(1);
    expect(await jwt.outcome(fresh())).toBe('503 err_sallyport_upstream_status');
    jwt.clock.pass(1);
    await jwt.decide(fresh());
    expect(server.fetches).toBe(5);
  });

  test.each([
    ['20', 20],
    ['86400', 60],
    ['0', 1],
    ['soon', 1],
  ])('with Retry-After: %s is not repeated for %i s, and callers are told so', async (retryAfter, seconds) => {
    const { server, jwt } = await underTest();
    broken(server, { 'retry-after': retryAfter });
    const decision = await jwt.decide(fresh());
    expect(decision.headers).toContainEqual(['Retry-After', String(seconds)]);
    jwt.clock.pass(seconds - 0.001);
    await jwt.decide(fresh());
    expect(server.fetches).toBe(1);
    jwt.clock.pass(0.001);
    await jwt.decide(fresh());
    expect(server.fetches).toBe(2);
  });
});

describe('unknown key identifiers', () => {
  test.each([
    [{}, 30],
    [{ cooldownSeconds: 5 }, 5],
  ])('with %j cause one fetch in %i s, whatever they are', async (keys, seconds) => {
    const { server, jwt } = await underTest({ maxAgeSeconds: 86_400, ...keys });
    await jwt.handler.start();
    expect(await jwt.outcome(fresh('made-up-1'))).toBe('401 key_unknown');
    expect(server.fetches).toBe(2);
    jwt.clock.pass(seconds - 0.001);
    expect(await jwt.outcome(fresh('made-up-2'))).toBe('401 key_unknown');
    expect(server.fetches).toBe(2);
    jwt.clock.pass(0.001);
    expect(await jwt.outcome(fresh('made-up-3'))).toBe('401 key_unknown');
    expect(server.fetches).toBe(3);
  });

  test('that a fetch did not bring cause none for two cool-downs', async () => {
    const { server, jwt } = await underTest({ maxAgeSeconds: 86_400 });
    await jwt.handler.start();
    await jwt.decide(fresh('made-up'));
    for (const step of [30, 29.999]) {
      jwt.clock.pass(step);
      expect(await jwt.outcome(fresh('made-up'))).toBe('401 key_unknown');
      expect(server.fetches).toBe(2);
    }
    jwt.clock.pass(0.001);
    server.publish({ ...EC.jwk, kid: 'made-up' });
    expect(await jwt.outcome(fresh('made-up'))).toBe('granted');
    expect(server.fetches).toBe(3);
  });

  test('during an outage are 503, because nobody can tell; their cool-down counts failures, too', async () => {
    const { server, jwt } = await underTest({ maxAgeSeconds: 86_400 });
    await jwt.handler.start();
    broken(server);
    const token = fresh('new-key');
    expect(await jwt.outcome(token)).toBe('503 err_sallyport_upstream_status');
    jwt.clock.pass(0.999);
    expect(await jwt.outcome(token)).toBe('503 err_sallyport_upstream_status');
    expect(server.fetches).toBe(2);
    expect(await jwt.outcome(fresh())).toBe('granted');
    server.publish(EC.jwk, { ...EC.jwk, kid: 'new-key' });
    jwt.clock.pass(0.001);
    expect(await jwt.outcome(token)).toBe('granted');
    expect(server.fetches).toBe(3);
  });
});
