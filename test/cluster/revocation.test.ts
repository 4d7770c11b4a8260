import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Instance } from '../support/fleet.js';
import { FleetLoad } from '../support/fleet-load.js';
import { isNightly } from '../support/nightly.js';
import { HAS_REDIS, RedisServer } from '../support/redis-server.js';
import { ApiFleet, type Holder } from './api-fleet.js';

const describeWithRedis = HAS_REDIS ? describe : describe.skip;
/** On the real clock only at night: by day other tests keep the machine busy. */
const SIZE = isNightly
  ? { tokens: 10_000, revoked: 1_000, lateMs: 1_000 }
  : { tokens: 160, revoked: 32, lateMs: 30_000 };
jest.setTimeout(isNightly ? 600_000 : 120_000);
const WIDTH = isNightly ? 32 : 8;

/** The same order in each run. */
function* shuffled<Item>(items: readonly Item[]): Generator<Item> {
  const left = [...items];
  let seed = 7;
  while (left.length > 0) {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    yield left.splice(seed % left.length, 1)[0] as Item;
  }
}

describeWithRedis(HAS_REDIS ? 'four processes and one Redis' : 'skipped: there is no redis-server to start', () => {
  let redis: RedisServer;
  let api: ApiFleet;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await ApiFleet.start({ redisPort: redis.port });
  });
  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  test(`${SIZE.revoked} of ${SIZE.tokens} tokens are revoked under load: none is accepted ${SIZE.lateMs} ms later, no other is refused`, async () => {
    const { fleet } = api;
    const holders = await api.holders(SIZE.tokens);
    const revokedAtMs = new Map<Holder, number>();
    const wrong: object[] = [];
    const accepted = new Set<Holder>();
    let refused = 0;
    const load = new FleetLoad<Holder>(fleet, {
      width: WIDTH,
      // Each process is asked about each token: there is one step more after each round.
      next: (turn) => holders[(turn + Math.floor(turn / holders.length)) % holders.length] as Holder,
      call: (holder) => api.call(holder),
      seen: ({ subject, status, sentMs }) => {
        const atMs = revokedAtMs.get(subject);
        if (status === 200) {
          accepted.add(subject);
          if (atMs !== undefined && sentMs > atMs + SIZE.lateMs) wrong.push({ status, lateMs: sentMs - atMs });
        } else if (status === 401 && revoking.has(subject)) refused += 1;
        // By day the machine may be too busy for an answer in time.
        else if (isNightly || status !== 503) wrong.push({ status, isRevoked: atMs !== undefined });
      },
    });
    const chosen = shuffled(holders);
    const revoking = new Set<Holder>();
    // All tokens are remembered before the first is revoked: that is what a revocation has to undo.
    await loaded(() => load.sent > 2 * holders.length);
    for (let count = 0; count < SIZE.revoked; count += 1) {
      const { value: holder } = chosen.next() as { value: Holder };
      const instance = fleet.instances[count % fleet.instances.length] as Instance;
      revoking.add(holder);
      const { atMs, isTold } = await instance.order<{ atMs: number; isTold: boolean }>('revoke', holder.token);
      expect(isTold).toBe(true);
      revokedAtMs.set(holder, atMs);
    }
    const sent = load.sent;
    await loaded(() => load.sent > sent + 2 * holders.length);
    await load.end();
    expect(wrong).toEqual([]);
    for (const instance of fleet.instances) {
      const statuses = [...revoking].map((holder) => fleet.status(instance, api.call(holder)));
      expect(new Set(await Promise.all(statuses))).toEqual(new Set([401]));
    }
    expect(accepted.size).toBe(holders.length);
    expect(refused).toBeGreaterThan(SIZE.revoked);
  });
});

/** Waits for what the load brings about, which takes as long as the machine needs. */
async function loaded(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}
