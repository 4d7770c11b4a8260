import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { DelayingProxy } from '../support/delaying-proxy.js';
import type { Instance } from '../support/fleet.js';
import { isNightly } from '../support/nightly.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { REDIS_FAULTS, REDIS_RETURNS, type RedisFault } from '../support/redis-faults.js';
import { type Client, HAS_REDIS, RedisServer } from '../support/redis-server.js';
import { ApiFleet, type Holder } from './api-fleet.js';
import { WatchedLoad } from './watched-load.js';

const describeWithRedis = HAS_REDIS ? describe : describe.skip;
const NO_REDIS = 'skipped: there is no redis-server to start';
/** For a machine that other tests keep busy. */
jest.setTimeout(isNightly ? 600_000 : 120_000);
/** By day those that are over at once. */
const BY_DAY = ['flushed', 'replayed: old answers are written back'];
/** How long a fault goes on. */
const LASTS_MS = isNightly ? 1_500 : 100;
/** Half of the deadline of a decision. By day other tests keep the machine busy. */
const BOUND_MS = isNightly ? 2_500 : 60_000;
/** A mark of a delivery lasts 7 s; after a loss nothing is marked for as long. */
const RECOVERED_MS = 20_000;
const HOLDERS = 8;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until something is so, for a time that a person would wait. */
async function recovered(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + RECOVERED_MS;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`not within ${RECOVERED_MS} ms: ${what}`);
    await pause(20);
  }
}

/** All processes ask about these tokens, so that they remember the answers. */
async function remembered(api: ApiFleet, holders: readonly Holder[]): Promise<void> {
  for (const instance of api.fleet.instances) {
    for (const holder of holders) {
      await recovered('a token is good', async () => (await api.fleet.status(instance, api.call(holder))) === 200);
    }
  }
}

async function revoke(instance: Instance, holders: readonly Holder[]): Promise<void> {
  for (const { token } of holders) {
    expect(await instance.order('revoke', token)).toMatchObject({ isTold: true });
  }
}

const allRefuse = async (api: ApiFleet, holders: readonly Holder[]) => {
  const tokens = holders.map(({ token }) => token);
  return (await api.fleet.everywhere<number>('refuses', tokens)).every((count) => count === holders.length);
};

/** Whether a process takes what another one was answered. */
async function areShared(api: ApiFleet): Promise<boolean> {
  const [first, second] = api.fleet.instances as [Instance, Instance];
  const [, opaque] = (await api.holders(2)) as [Holder, Holder];
  const asked = api.server.calls('introspection');
  await api.fleet.status(first, api.call(opaque));
  await pause(20);
  await api.fleet.status(second, api.call(opaque));
  return api.server.calls('introspection') === asked + 1;
}

/** A process notices within a second of its next request that revocations were lost, and then sends its own again. */
async function haveNoticed({ fleet }: ApiFleet): Promise<boolean> {
  const seen = await fleet.everywhere<readonly string[]>('events');
  return seen.every((events) => events.includes('revocations_lost'));
}

/** Starts one more process, asks it, and ends it. */
async function isKnownToNewcomer(api: ApiFleet, revoked: readonly Holder[]): Promise<boolean> {
  const newcomer = await api.fleet.recruit();
  try {
    return (
      (await newcomer.order<number>(
        'refuses',
        revoked.map(({ token }) => token),
      )) === revoked.length
    );
  } finally {
    await newcomer.stop();
  }
}

/** What befalls Redis, seen from four processes under load: before, meanwhile, and until all is as before. */
async function endure(
  api: ApiFleet,
  { keep, inject }: { keep(): Promise<unknown>; inject(kept: unknown): Promise<() => unknown> },
  loses: { readonly marks: boolean; readonly stream: boolean },
): Promise<void> {
  const [first, second] = api.fleet.instances as [Instance, Instance];
  const holders = await api.holders(3 * HOLDERS);
  const [good, revoked, later] = [0, 1, 2].map((part) => holders.slice(part * HOLDERS, (part + 1) * HOLDERS)) as [
    Holder[],
    Holder[],
    Holder[],
  ];
  await remembered(api, holders);
  const kept = await keep();
  await revoke(first, revoked);
  await recovered('all know what was revoked', () => allRefuse(api, revoked));
  await api.fleet.everywhere('forgetEvents');
  const load = new WatchedLoad(api, good, revoked);
  try {
    await recovered('deliveries are accepted before', () => load.count('delivery', 200) > 0);
    const end = await inject(kept);
    await pause(LASTS_MS);
    await end();
    load.forget();
    // A loss of marks is noticed at the next delivery, and then nothing is marked for a while: that is nightly.
    if (isNightly || !loses.marks) {
      await recovered('deliveries are accepted again', () => load.count('delivery', 200) > 3);
    }
    await recovered('revocations reach all again', async () => {
      const told = await Promise.all(later.map(({ token }) => second.order<{ isTold: boolean }>('revoke', token)));
      return told.every(({ isTold }) => isTold) && (await allRefuse(api, later));
    });
    if (!loses.marks) await recovered('answers are shared again', () => areShared(api));
    if (loses.stream) await recovered('every process has noticed the loss', () => haveNoticed(api));
    await recovered('a new process knows what was revoked', () => isKnownToNewcomer(api, revoked));
  } finally {
    await load.end();
  }
  expect(load.wrong).toEqual([]);
  expect(load.slowestMs).toBeLessThan(BOUND_MS);
  expect(api.fleet.instances.map(({ isAlive }) => isAlive)).toEqual([true, true, true, true]);
}

describeWithRedis(HAS_REDIS ? 'four processes under load, while one Redis is' : NO_REDIS, () => {
  let server: RedisServer;
  let admin: Client;
  let proxy: DelayingProxy;
  let api: ApiFleet;

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = await server.client();
    proxy = await DelayingProxy.to(server.port);
    api = await ApiFleet.start({ redisPort: proxy.port });
  });
  afterAll(async () => {
    await api.stop();
    await proxy.close();
    await server.stop();
  });

  // Those that lose what Redis kept come last: after a loss, answers are not shared for a minute.
  const rows = Object.entries({ ...REDIS_FAULTS, ...REDIS_RETURNS })
    .filter(([name]) => isNightly || BY_DAY.includes(name))
    .toSorted(([, one], [, other]) => Number(one.losesMarks ?? false) - Number(other.losesMarks ?? false));
  test.each<[string, RedisFault]>(rows)(
    '%s: nothing is granted wrongly, nobody waits long, and all works again without a restart',
    async (_name, fault) => {
      const redis = { server, admin, proxy };
      const keep = async () => (await fault.keep?.(redis)) ?? new Map();
      const inject = (kept: unknown) => fault.inject(redis, kept as ReadonlyMap<string, string>);
      const { losesMarks: marks = false } = fault;
      await endure(api, { keep, inject }, { marks, stream: marks && fault.keep === undefined });
    },
  );

  (isNightly ? test : test.skip)('a minute after the last loss, answers are shared again (every night)', async () => {
    const endMs = performance.now() + 90_000;
    while (!(await areShared(api)) && performance.now() < endMs) await pause(1_000);
    expect(await areShared(api)).toBe(true);
  });

  test('a dump holds no token, name, claim or secret in clear', async () => {
    const holders = await api.holders(20);
    await remembered(api, holders);
    await revoke(api.fleet.instances[0] as Instance, holders.slice(0, 5));
    const dump = await server.dump(admin);
    expect(dump).toContain('sallyport:revocations');
    expect(dump.length).toBeGreaterThan(2_000);
    const { clientId, clientSecret, issuer } = api.server;
    const texts = holders.flatMap(({ subject, email, token }) => [
      subject,
      email,
      token.slice(-16),
      ...token.split('.'),
    ]);
    for (const text of [...texts, clientId, clientSecret, issuer, api.hookSecret, 'people.example']) {
      for (const part of [text.slice(0, 12), text.slice(-12)]) {
        expect(dump).not.toContain(part);
        expect(dump).not.toContain(Buffer.from(part).toString('base64url').slice(0, -2));
      }
    }
  });
});

(HAS_REDIS && isNightly ? describe : describe.skip)(
  HAS_REDIS ? 'four processes under load, while of three masters with a replica each (every night)' : NO_REDIS,
  () => {
    let cluster: RedisCluster;
    let api: ApiFleet;

    beforeAll(async () => {
      cluster = await RedisCluster.start({ replicas: 1 });
      api = await ApiFleet.start({ redisNodes: cluster.ports });
    });
    afterAll(async () => {
      await api.stop();
      await cluster.stop();
    });

    test('one fails, and its replica takes over: as above', async () => {
      const inject = async () => {
        await cluster.masters[1]?.kill();
        return () => cluster.settled();
      };
      await endure(api, { keep: async () => undefined, inject }, { marks: true, stream: false });
    });
  },
);
