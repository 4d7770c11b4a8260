import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { denied, type Verdict } from '@sallyport/core';
import { VerdictCache } from '@sallyport/core/extend';
import { RedisCacheStore, RedisCounterStore, RedisOnceStore } from '@sallyport/core/redis';
import { DelayingProxy } from '../../../support/delaying-proxy.js';
import { isNightly } from '../../../support/nightly.js';
import { CLIENTS, type Connections } from '../../../support/redis-clients.js';
import { answersIn, keysOf, REDIS_FAULTS } from '../../../support/redis-faults.js';
import { type Client, HAS_REDIS, RedisServer, until } from '../../../support/redis-server.js';
import { aRequest, principalOf } from '../../cache/cache-fixture.js';

const SECRET = 'a secret that all instances share, 1';
const TTL = 600;
/** Far more than the 50 ms that a command may take, and far less than anybody would wait for Redis. */
const BOUND_MS = 2_000;
const HOLDERS = ['alice', 'bob', 'carol'];
/**
 * Without redis 5: when a connection ends during its greeting, as one through a proxy does while the server is away, redis
 * 5.9 takes itself for ready from then on, and never connects again.
 */
const BROKEN = isNightly ? CLIENTS.filter(([name]) => name !== 'redis 5') : CLIENTS.slice(0, 2);
const describeWithRedis = HAS_REDIS ? describe : describe.skip;

describeWithRedis(HAS_REDIS ? 'a Redis that is' : 'skipped: there is no redis-server to start', () => {
  let server: RedisServer;
  let admin: Client;
  let proxy: DelayingProxy;

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = await server.client();
    proxy = await DelayingProxy.to(server.port);
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });
  beforeEach(async () => {
    await until(() => admin.isReady);
    await admin.flushAll();
  });

  const answers = () => answersIn(admin);
  const rows = Object.entries(REDIS_FAULTS).filter(([, { isSlow = false }]) => isNightly || !isSlow);

  describe.each(BROKEN)('reached by %s and', (_client, connect) => {
    let connections: Connections;
    let slowestMs = 0;

    beforeAll(async () => {
      connections = await connect(proxy.port);
    });
    afterAll(() => void connections.close());
    beforeEach(() => {
      slowestMs = 0;
    });

    /** The answer, or the code of the error that came instead. */
    async function timed<Answer>(task: () => Answer | Promise<Answer>): Promise<Answer | string> {
      const startedMs = performance.now();
      try {
        return await task();
      } catch (error) {
        return (error as { code: string }).code;
      } finally {
        slowestMs = Math.max(slowestMs, performance.now() - startedMs);
      }
    }

    /** Another instance each time, which remembers nothing itself. */
    function ask(token: string, verdict: Verdict): Promise<unknown> {
      const limits = { maxEntries: 100, maxNegativeEntries: 100 };
      const store = new RedisCacheStore({}, { client: connections.client });
      const cache = new VerdictCache({ namespace: 'faults', secret: SECRET, ...limits }, { store });
      return timed(() => cache.resolve(token, aRequest(), async () => verdict));
    }

    /** A busy machine may need a while: nothing is asserted here but that it works in the end. */
    const works = (task: () => Promise<unknown>, expected: unknown) =>
      until(async () => (await timed(task)) === expected);

    test.each(rows)(
      '%s: grants nothing wrongly, holds nobody up, and is used again afterwards',
      async (_name, fault) => {
        const once = new RedisOnceStore({ secret: SECRET }, { client: connections.client });
        const counters = new RedisCounterStore({ secret: SECRET }, { client: connections.client });
        const count = async (key: string) => typeof (await counters.add(key, 60)).value;
        await works(() => once.establish(), undefined);
        expect(
          await new RedisOnceStore({ secret: SECRET, timeoutMs: 5_000 }, { client: connections.client }).mark(
            'seen',
            TTL,
          ),
        ).toBe(true);
        await works(() => once.mark('seen', TTL), false);
        await works(() => count('key'), 'number');
        await until(async () => {
          for (const subject of HOLDERS) await ask(`token of ${subject}`, principalOf({ subject }));
          return (await answers()).length === HOLDERS.length;
        });

        slowestMs = 0;
        const end = await fault.inject({ server, admin, proxy }, new Map());
        for (let round = 0; round < 2; round += 1) {
          for (const subject of HOLDERS) {
            const answer = await ask(`token of ${subject}`, principalOf({ subject: 'looked up' }));
            const granted = (answer as { principal?: { subject: string } }).principal?.subject;
            expect([subject, 'looked up']).toContain(granted);
          }
          expect(await ask('token of nobody', denied('asked'))).toMatchObject({ reason: 'asked' });
          expect([false, expect.stringMatching(/^ERR_SALLYPORT_/)]).toContainEqual(
            await timed(() => once.mark('seen', TTL)),
          );
          const counted = await timed(() => count('key'));
          expect(['number', expect.stringMatching(/^ERR_SALLYPORT_/)]).toContainEqual(counted);
        }
        expect(slowestMs).toBeLessThan(BOUND_MS);
        await end();
        await until(() => admin.isReady);

        await works(() => once.mark('seen', TTL), fault.losesMarks === true ? 'ERR_SALLYPORT_MARKS_LOST' : false);
        for (const key of await keysOf(admin, /^sallyport:once:.*:epoch$/)) await admin.hSet(key, 'since', '0');
        const after = new RedisOnceStore({ secret: SECRET }, { client: connections.client });
        let attempt = 0;
        const mark = () => {
          attempt += 1;
          return after.mark(`new ${attempt}`, TTL);
        };
        await works(mark, true);
        await works(() => count('another'), 'number');
        await until(async () => {
          await ask('another', principalOf());
          return ((await ask('another', denied('asked'))) as { kind?: string }).kind === 'authenticated';
        });
      },
    );
  });
});
