import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Revocations } from '@sallyport/core';
import { RedisCacheStore, RedisCounterStore, RedisOnceStore, RedisRevocationBus } from '@sallyport/core/redis';
import { cacheStoreRules, counterStoreRules, onceStoreRules } from '@sallyport/core/testing';
import { isNightly } from '../../../support/nightly.js';
import type { Connections } from '../../../support/redis-clients.js';
import { RedisCluster } from '../../../support/redis-cluster.js';
import { age, HAS_REDIS, until } from '../../../support/redis-server.js';

const SECRET = 'a secret that all instances share, 1';
/** A busy machine may need longer than the default for the slowest of many commands. */
const PATIENT = { secret: SECRET, timeoutMs: 5_000 };
const describeWithRedis = HAS_REDIS ? describe : describe.skip;

describeWithRedis(HAS_REDIS ? 'a Redis Cluster of three masters' : 'skipped: there is no redis-server to start', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.stop());
  beforeEach(() => cluster.everywhere((admin) => admin.flushAll()));

  const pass = (milliseconds: number) => cluster.everywhere((admin) => age(admin, milliseconds));

  describe.each([
    ['redis', () => cluster.nodeRedis()],
    ['ioredis', () => cluster.ioredis()],
  ] as const)('%s', (_name, connect) => {
    let connections: Connections;

    beforeAll(async () => {
      connections = await connect();
    });
    afterAll(() => void connections.close());

    for (const { title, check } of cacheStoreRules(() => {
      const store = new RedisCacheStore({ readTimeoutMs: 1_000 }, { client: connections.client });
      return {
        store,
        async pass(milliseconds: number) {
          // Writing is not waited for, and another client ages the entries: reading on the same connection comes after it.
          for (const key of ['short', 'long', 'shorter', 'longer']) await store.get(key);
          await pass(milliseconds);
        },
      };
    })) {
      test(`RedisCacheStore: ${title}`, check);
    }

    for (const { title, check } of counterStoreRules(() => ({
      store: new RedisCounterStore(PATIENT, { client: connections.client }),
      pass,
    }))) {
      test(`RedisCounterStore: ${title}`, check);
    }

    for (const { title, check } of onceStoreRules(async () => {
      const store = new RedisOnceStore(PATIENT, { client: connections.client });
      await store.establish();
      return { store, pass };
    })) {
      test(`RedisOnceStore: ${title}`, check);
    }

    test('two secrets: the names of one key stand in one slot', async () => {
      const secret = [SECRET, 'a secret that all instances share, 2'];
      const store = new RedisCounterStore({ ...PATIENT, secret }, { client: connections.client });
      for (let index = 0; index < 50; index += 1) {
        expect(await store.add(`key ${index}`, 60)).toMatchObject({ value: 1 });
        await store.reset(`key ${index}`);
      }
    });

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
});

const describeAtNight = HAS_REDIS && isNightly ? describe : describe.skip;

describeAtNight(
  HAS_REDIS ? 'a Cluster that fails over, every night' : 'skipped: there is no redis-server to start',
  () => {
    test.each([
      ['redis', (cluster: RedisCluster) => cluster.nodeRedis()],
      ['ioredis', (cluster: RedisCluster) => cluster.ioredis()],
    ])(
      '%s: no mark passes a second time when a master dies, and all are known again by themselves',
      async (_, connect) => {
        const cluster = await RedisCluster.start({ replicas: 1 });
        const connections = await connect(cluster);
        try {
          const store = new RedisOnceStore({ ...PATIENT, timeoutMs: 500 }, { client: connections.client });
          await store.establish();
          const mark = (key: string) => store.mark(key, 600).catch(() => undefined);
          const keys = Array.from({ length: 200 }, (_each, index) => `key ${index}`);
          for (const key of keys) expect(await store.mark(key, 600)).toBe(true);
          await cluster.replicated();
          const [victim] = cluster.masters;
          await victim?.kill();
          const answers = new Set<unknown>();
          let isKnown = false;
          const latest = performance.now() + 60_000;
          while (!isKnown && performance.now() < latest) {
            const round = await Promise.all(keys.map(mark));
            for (const answer of round) answers.add(answer);
            isKnown = round.every((answer) => answer === false);
          }
          expect(isKnown).toBe(true);
          expect(answers).not.toContain(true);
        } finally {
          connections.close();
          await cluster.stop();
        }
      },
    );
  },
);
