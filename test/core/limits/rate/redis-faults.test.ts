import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { rateLimit } from '@sallyport/core';
import { ANONYMOUS } from '@sallyport/core/extend';
import { RedisCounterStore } from '@sallyport/core/redis';
import { buildRequest } from '@sallyport/core/testing';
import { DelayingProxy } from '../../../support/delaying-proxy.js';
import { isNightly } from '../../../support/nightly.js';
import { CLIENTS, type Connections } from '../../../support/redis-clients.js';
import { REDIS_FAULTS } from '../../../support/redis-faults.js';
import { type Client, HAS_REDIS, RedisServer, until } from '../../../support/redis-server.js';

const LIMIT = 10;
const INSTANCES = 2;
const SHARE = LIMIT / INSTANCES;
/** Far more than the 50 ms that the store may take, and far less than anybody would wait. */
const BOUND_MS = 2_000;

const describeWithRedis = HAS_REDIS ? describe : describe.skip;
const rows = Object.entries(REDIS_FAULTS).filter(([, { isSlow = false }]) => isNightly || !isSlow);

describeWithRedis(HAS_REDIS ? 'a limit over a Redis that is' : 'skipped: there is no redis-server to start', () => {
  let server: RedisServer;
  let admin: Client;
  let proxy: DelayingProxy;
  let connections: Connections;

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = await server.client();
    proxy = await DelayingProxy.to(server.port);
    const [, connect] = CLIENTS[0] as (typeof CLIENTS)[number];
    connections = await connect(proxy.port);
  });
  afterAll(async () => {
    connections.close();
    await proxy.close();
    await server.stop();
  });
  beforeEach(async () => {
    await until(() => admin.isReady);
    await admin.flushAll();
  });

  /** One process, which remembers nothing yet. */
  function aProcess() {
    const counterStore = new RedisCounterStore(
      { secret: 'a secret that all instances share, 1' },
      { client: connections.client },
    );
    let asked = '';
    const limit = rateLimit(
      { name: 'l', limit: LIMIT, windowSeconds: 600, by: () => asked, instances: INSTANCES },
      { counterStore },
    );
    /** How many of so many requests at once are granted. */
    return async (key: string, requests: number) => {
      asked = key;
      const verdicts = await Promise.all(
        Array.from({ length: requests }, () => limit.check(ANONYMOUS, buildRequest('/'))),
      );
      return verdicts.filter(({ kind }) => kind === 'permitted').length;
    };
  }

  test.each(rows)(
    '%s: lets everybody in within bounds, nobody without, and counts together again afterwards',
    async (name, fault) => {
      const [one, other] = [aProcess(), aProcess()];
      await until(async () => (await aProcess()(`before ${name} ${performance.now()}`, 1)) === 1);
      const end = await fault.inject({ server, admin, proxy }, new Map());
      const startedMs = performance.now();
      const granted = [await one('key', 20), await other('key', 20)];
      const tookMs = performance.now() - startedMs;
      await end();
      await until(() => admin.isReady);
      // With a store that answers: the limit together. Without: the share of each. Where it forgets in between: less than both.
      for (const each of granted) expect(each).toBeLessThanOrEqual(LIMIT);
      expect(granted[0]).toBeGreaterThanOrEqual(SHARE);
      expect((granted[0] as number) + (granted[1] as number)).toBeLessThanOrEqual(LIMIT + SHARE);
      expect(tookMs).toBeLessThan(2 * BOUND_MS);
      let turn = 0;
      await until(async () => {
        turn += 1;
        const key = `after ${turn}`;
        return (await one(key, LIMIT)) === LIMIT && (await other(key, 1)) === 0;
      });
    },
  );
});
