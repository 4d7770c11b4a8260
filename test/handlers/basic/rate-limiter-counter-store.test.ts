import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RateLimiterCounterStore } from '@sallyport/core';
import { counterStoreRules } from '@sallyport/core/testing';
import { InMemoryUserStore, type UserStore } from '@sallyport/handlers/basic';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { type Client, HAS_REDIS, RedisServer } from '../../support/redis-server.js';
import { accountOf, BasicUnderTest, denied, headerOf } from './basic-fixture.js';

const describeWithRedis = HAS_REDIS ? describe : describe.skip;

describeWithRedis(HAS_REDIS ? 'with a Redis server' : 'skipped: there is no redis-server to start', () => {
  let server: RedisServer;
  let client: Client;
  let users: UserStore;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = await server.client();
    users = new InMemoryUserStore([await accountOf('alice', 'pass')]);
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await client.flushAll();
  });

  /** The limiter's own budget is one failure in a second: it plays no part. */
  const open = () =>
    new RateLimiterCounterStore(
      new RateLimiterRedis({ storeClient: client, useRedisPackage: true, points: 1, duration: 1, keyPrefix: 'basic' }),
    );

  /** One process of a deployment; a busy machine may be slow to reach Redis. */
  const aProcess = (perAccountAndNetwork = 4) =>
    new BasicUnderTest(users, { failures: { perAccountAndNetwork, storeTimeoutMs: 5_000 } }, { counterStore: open() });

  describe('RateLimiterCounterStore on Redis keeps the rules of a counter store', () => {
    const rules = counterStoreRules(() => ({
      store: open(),
      async pass(milliseconds) {
        for (const key of await client.keys('*')) {
          const leftMs = await client.pTTL(key);
          await (leftMs <= milliseconds ? client.del(key) : client.pExpire(key, leftMs - milliseconds));
        }
      },
    }));
    for (const { title, check } of rules) test(title, check);
  });

  test('several processes have one budget, and 429 tells how long the window in Redis lasts', async () => {
    const [first, second] = [aProcess(), aProcess()];
    for (const under of [first, second, first, second]) expect(await under.status('alice', 'wrong')).toBe(401);
    for (const under of [first, second, aProcess()]) {
      const decision = denied(await under.ask('alice', 'pass'));
      expect(decision.status).toBe(429);
      expect(Number(headerOf(decision, 'Retry-After'))).toBeGreaterThan(890);
      expect(Number(headerOf(decision, 'Retry-After'))).toBeLessThanOrEqual(900);
    }
    expect(await second.status('alice', 'pass', '198.51.100.7')).toBe(200);
  });

  test('a success on one process clears the count for all', async () => {
    const [first, second] = [aProcess(2), aProcess(2)];
    expect(await first.status('alice', 'wrong')).toBe(401);
    expect(await second.status('alice', 'pass')).toBe(200);
    expect(await second.status('alice', 'wrong')).toBe(401);
    expect(await aProcess(2).status('alice', 'pass')).toBe(200);
  });

  test('neither user name, password nor address is in a dump of the server (CWE-532)', async () => {
    await aProcess().status('canary-name', 'canary-password', '203.0.113.77');
    const dump = await server.dump(client);
    expect(dump).toContain('basic:');
    expect(dump).not.toMatch(/canary|203\.0\.113/);
  });

  test('a killed server is 503, never 401, and a new one is used again', async () => {
    const under = aProcess();
    await server.kill();
    for (const password of ['pass', 'wrong']) {
      const decision = denied(await under.ask('alice', password));
      expect(decision).toMatchObject({ status: 503, reason: 'failure_store_unavailable' });
      expect(headerOf(decision, 'Retry-After')).toMatch(/^[1-9]\d*$/);
    }
    const reconnected = new Promise((resolve) => client.once('ready', resolve));
    server.restart();
    await reconnected;
    expect(await under.status('alice', 'pass')).toBe(200);
  });
});

test('any limiter of the library does', async () => {
  const store = new RateLimiterCounterStore(new RateLimiterMemory({ points: 1, duration: 1 }));
  expect(await store.get('key')).toBeUndefined();
  await store.add('key', 900);
  expect(await store.add('key', 900)).toEqual({ value: 2, endsInMs: expect.any(Number) });
  await store.reset('key');
  expect(await store.get('key')).toBeUndefined();
});
