import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Revocations } from '@sallyport/core';
import { RedisCacheStore, RedisCounterStore, RedisOnceStore, RedisRevocationBus } from '@sallyport/core/redis';
import { cacheStoreRules, counterStoreRules, onceStoreRules } from '@sallyport/core/testing';
import { isNightly } from '../../../support/nightly.js';
import { CLIENTS, type Connections, poolOn } from '../../../support/redis-clients.js';
import { age, type Client, HAS_REDIS, RedisServer, until } from '../../../support/redis-server.js';

const SECRET = 'a secret that all instances share, 1';
/** A busy machine may need longer than the default for the slowest of many commands. */
const PATIENT = { secret: SECRET, timeoutMs: 5_000 };
/** By day the newest major of each library keeps all rules, and the others show that they are understood. */
const NEWEST = new Set(['redis 6', 'ioredis 6']);
const describeWithRedis = HAS_REDIS ? describe : describe.skip;

describeWithRedis(HAS_REDIS ? 'clients of Redis' : 'skipped: there is no redis-server to start', () => {
  let server: RedisServer;
  let admin: Client;

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = await server.client();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await admin.flushAll();
  });

  const pass = (milliseconds: number) => age(admin, milliseconds);

  describe.each(CLIENTS)('%s', (name, connect) => {
    const keepsAll = isNightly || NEWEST.has(name);
    let connections: Connections;

    beforeAll(async () => {
      connections = await connect(server.port);
    });
    afterAll(() => void connections.close());

    for (const { title, check } of cacheStoreRules(() => ({
      store: new RedisCacheStore({ readTimeoutMs: 1_000 }, { client: connections.client }),
      pass,
    })).slice(0, keepsAll ? undefined : 2)) {
      test(`RedisCacheStore: ${title}`, check);
    }

    for (const { title, check } of counterStoreRules(() => ({
      store: new RedisCounterStore(PATIENT, { client: connections.client }),
      pass,
    })).slice(0, keepsAll ? undefined : 2)) {
      test(`RedisCounterStore: ${title}`, check);
    }

    for (const { title, check } of onceStoreRules(async () => {
      const store = new RedisOnceStore(PATIENT, { client: connections.client });
      await store.establish();
      return { store, pass };
    })) {
      test(`RedisOnceStore: ${title}`, check);
    }

    test('a revocation is heard at once, and read by an instance that starts later', async () => {
      const limits = { readTimeoutMs: 1_000, publishTimeoutMs: 30_000 };
      const open = (services: { subscriber?: Connections['subscriber'] }) =>
        new Revocations(
          { secret: SECRET },
          { bus: new RedisRevocationBus(limits, { client: connections.client, ...services }) },
        );
      const [first, second] = [open({}), open({ subscriber: connections.subscriber })];
      await second.start();
      expect(await first.revokeToken('token')).toBe(true);
      await until(() => second.refuses('token'));
      const late = open({});
      await late.start();
      expect(late.refuses('token')).toBe(true);
      for (const each of [first, second, late]) await each.close();
    });
  });

  test('a pool of node-redis is a client as well', async () => {
    const pool = await poolOn(server.port);
    const store = new RedisCounterStore(PATIENT, { client: pool.client });
    const counts = await Promise.all(Array.from({ length: 20 }, () => store.add('key', 60)));
    expect(counts.map(({ value }) => value).sort((a, b) => a - b)).toEqual(counts.map((_, index) => index + 1));
    await pool.close();
  });

  test('a server that has forgotten its scripts is sent them again', async () => {
    const [[, connect]] = CLIENTS as unknown as [(typeof CLIENTS)[0]];
    const connections = await connect(server.port);
    const store = new RedisCounterStore(PATIENT, { client: connections.client });
    await store.add('key', 60);
    await admin.scriptFlush();
    expect(await store.add('key', 60)).toMatchObject({ value: 2 });
    connections.close();
  });
});

test.each([
  ['no client', undefined],
  ['a text', 'redis://localhost'],
  ['a client of another library', { get: () => {}, set: () => {} }],
  ['a client of Sentinel', { sendCommand: () => {}, getSentinelNode: () => {} }],
])('%s is refused, with the libraries that are known', (_what, client) => {
  expect(() => new RedisCounterStore({ secret: SECRET }, { client } as never)).toThrow(
    /^RedisCounterStoreCollaborators\.client must be a client of node-redis or ioredis/,
  );
});

test('a subscriber has to be able to subscribe', () => {
  const client = { sendCommand: async () => {} };
  expect(() => new RedisRevocationBus({}, { client, subscriber: client })).toThrow(/that can subscribe$/);
});
