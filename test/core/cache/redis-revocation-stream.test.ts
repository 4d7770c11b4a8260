import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type CacheEvent, denied, onCacheEvent, Revocations } from '@sallyport/core';
import { VerdictCache } from '@sallyport/core/extend';
import { RedisCacheStore, RedisRevocationBus } from '@sallyport/core/redis';
import { ManualClock } from '@sallyport/core/testing';
import { type Client, HAS_REDIS, RedisServer, until } from '../../support/redis-server.js';
import { ScriptedClient } from '../../support/scripted-client.js';
import { aRequest, principalOf } from './cache-fixture.js';

const SECRET = 'a secret that all instances share, 1';
const STREAM = 'sallyport:revocations';
/** Limits that a busy machine keeps as well. */
const PATIENT = { readTimeoutMs: 1_000, publishTimeoutMs: 30_000 };
const YEAR_9999 = '253402300799000-0';
const describeWithRedis = HAS_REDIS ? describe : describe.skip;

describeWithRedis(HAS_REDIS ? 'the stream of revocations' : 'skipped: there is no redis-server to start', () => {
  let server: RedisServer;
  let admin: Client;
  let events: CacheEvent['kind'][];
  let stop: () => void;

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = await server.client();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await admin.flushAll();
    events = [];
    stop = onCacheEvent(({ kind }) => events.push(kind));
  });
  afterEach(() => stop());

  /** An instance that knows only what it reads from the stream, and reads only when it is told to. */
  async function open(): Promise<Revocations> {
    const bus = new RedisRevocationBus(PATIENT, { client: admin });
    const revocations = new Revocations({ secret: SECRET }, { bus, clock: new ManualClock(Date.now()) });
    await revocations.start();
    return revocations;
  }

  const entries = async () => (await admin.xRange(STREAM, '-', '+')) ?? [];
  const forge = (id: string) => admin.xAdd(STREAM, id, { notice: 'forged' });

  /** What a stream may suffer between two reads. */
  const mishaps: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['is deleted', () => admin.del(STREAM)],
    ['is deleted with everything else', () => admin.flushAll()],
    ['is emptied', () => admin.xTrim(STREAM, 'MAXLEN', 0)],
    ['is trimmed to its last entry', () => admin.xTrim(STREAM, 'MAXLEN', 1)],
    [
      'is forged an entry of the year 9999, and deleted',
      async () => {
        await forge(YEAR_9999);
        await admin.del(STREAM);
      },
    ],
    [
      'is replaced by one of a server whose clock is behind',
      async () => {
        await admin.del(STREAM);
        await forge('1000-1');
      },
    ],
    [
      'is replaced by one that continues in the year 9999',
      async () => {
        await admin.del(STREAM);
        await forge(YEAR_9999);
      },
    ],
  ];

  describe('is read on when nothing happens but', () => {
    test.each<[string, () => Promise<unknown>]>([
      ['an entry of the year 9999', () => forge(YEAR_9999)],
      ['XSETID to the year 9999', () => admin.sendCommand(['XSETID', STREAM, YEAR_9999])],
      [
        'a thousand entries that nobody sealed',
        async () => {
          for (let index = 0; index < 1_000; index += 1) await forge('*');
        },
      ],
    ])('%s', async (_rule, happen) => {
      const [first, second] = [await open(), await open()];
      await first.revokeToken('before');
      expect(await second.synchronise()).toBe(true);
      await happen();
      expect(await second.synchronise()).toBe(true);
      await first.revokeToken('after');
      expect(await second.synchronise()).toBe(true);
      expect([second.refuses('before'), second.refuses('after')]).toEqual([true, true]);
      expect(events).not.toContain('revocations_lost');
    });
  });

  describe('that was read and then', () => {
    test.each(mishaps)('%s is read anew from its beginning', async (_rule, happen) => {
      const [first, second] = [await open(), await open()];
      await first.revokeToken('before');
      expect(await second.synchronise()).toBe(true);
      await happen();
      await second.synchronise();
      await first.revokeToken('after');
      await second.synchronise();
      expect([second.refuses('before'), second.refuses('after')]).toEqual([true, true]);
    });
  });

  describe('that was not read before it', () => {
    test.each(mishaps)(
      '%s makes an instance say that it is behind, until the others told it again',
      async (_rule, happen) => {
        const [first, second] = [await open(), await open()];
        await first.revokeToken('lost');
        await first.revokeToken('last');
        await happen();
        expect(await second.synchronise()).toBe(false);
        expect(events).toContain('revocations_lost');
        await first.synchronise();
        await until(async () => {
          await second.synchronise();
          return second.refuses('lost') && second.refuses('last');
        });
      },
    );
  });

  test('that is found empty gets a mark, so that what comes and is lost between two reads is missed', async () => {
    const clock = new ManualClock(Date.now());
    const bus = new RedisRevocationBus(PATIENT, { client: admin, clock });
    const [first, second] = [await open(), new Revocations({ secret: SECRET }, { bus })];
    await second.start();
    await admin.del(STREAM);
    await second.synchronise();
    clock.pass(60);
    await second.synchronise();
    await second.synchronise();
    events.length = 0;
    await first.revokeToken('lost');
    await admin.del(STREAM);
    await second.synchronise();
    expect(events).toEqual(['revocations_lost']);
  });

  test('with another entry under the id that was read last is another stream', async () => {
    const [first, second] = [await open(), await open()];
    await first.revokeToken('before');
    expect(await second.synchronise()).toBe(true);
    const id = (await entries()).at(-1)?.id ?? '';
    await first.revokeToken('lost');
    await admin.del(STREAM);
    await forge(id);
    expect(await second.synchronise()).toBe(false);
  });

  test('restored as it was an hour ago: what came since is put back by whoever revoked it', async () => {
    const [first, second] = [await open(), await open()];
    await first.revokeToken('old');
    const snapshot = await entries();
    await first.revokeToken('new');
    await first.synchronise();
    await admin.del(STREAM);
    for (const { id, message } of snapshot) await admin.xAdd(STREAM, id, message);
    expect(await second.synchronise()).toBe(true);
    expect(second.refuses('old')).toBe(true);
    await first.synchronise();
    await until(async () => {
      await second.synchronise();
      return second.refuses('new');
    });
  });

  test('restored as it was before the last revocation, which nobody has read yet: that is put back as well', async () => {
    const [first, second] = [await open(), await open()];
    await first.revokeToken('old');
    await first.synchronise();
    const snapshot = await entries();
    await first.revokeToken('new');
    await admin.del(STREAM);
    for (const { id, message } of snapshot) await admin.xAdd(STREAM, id, message);
    await first.synchronise();
    await until(async () => {
      await second.synchronise();
      return second.refuses('new');
    });
    await first.synchronise();
    const { length } = await entries();
    await first.synchronise();
    expect(await entries()).toHaveLength(length);
  });

  test('that is told again changes nothing where it was known', async () => {
    const [first, second] = [await open(), await open()];
    await first.revokeToken('token');
    await second.synchronise();
    const { epoch } = second;
    await admin.del(STREAM);
    await first.synchronise();
    await until(async () => (await admin.xLen(STREAM)) > 0);
    await second.synchronise();
    expect([second.epoch, second.size]).toEqual([epoch, 1]);
    expect((await entries()).filter(({ message }) => 'notice' in message)).toHaveLength(1);
  });

  test('while it is lost, no shared answer from before counts, and one from after does', async () => {
    const clock = new ManualClock();
    const store = new RedisCacheStore({ readTimeoutMs: 1_000 }, { client: admin });
    const instance = async () => {
      const bus = new RedisRevocationBus(PATIENT, { client: admin });
      const revocations = new Revocations({ secret: SECRET }, { bus, clock });
      await revocations.start();
      return new VerdictCache({ namespace: 'test', secret: SECRET, ttlSeconds: 300 }, { revocations, store, clock });
    };
    const ask = (cache: VerdictCache, token: string, verdict = denied('asked')) =>
      cache.resolve(token, aRequest(), async () => verdict);
    const good = (cache: VerdictCache, token: string) => cache.resolve(token, aRequest(), async () => principalOf());
    const [first, second, third] = [await instance(), await instance(), await instance()];
    await good(first, 'before');
    expect(await ask(third, 'before')).toMatchObject({ kind: 'authenticated' });
    await admin.del(STREAM);
    expect(await ask(second, 'before')).toMatchObject({ reason: 'asked' });
    clock.pass(61);
    await good(first, 'after');
    expect(await ask(second, 'after')).toMatchObject({ kind: 'authenticated' });
  });
});

interface Entry {
  readonly id: string;
  readonly notice: string;
}

/** A client of a Redis that keeps its stream in memory. */
function streamClient(entries: Entry[]) {
  const thresholds: number[] = [];
  const client = new ScriptedClient({
    XADD: (_key, _strategy, _modifier, threshold, _id, _field, notice = '') => {
      thresholds.push(Number(threshold));
      const id = `${5_000_000_000 + entries.length}-0`;
      entries.push({ id, notice });
      return id;
    },
    XRANGE: (_key, start = '') => {
      const after = Number.parseInt(start.slice(1), 10);
      const later = entries.filter(({ id }) => Number.parseInt(id, 10) > after);
      return later.map(({ id, notice }) => [id, ['notice', notice]]);
    },
  });
  return { client, thresholds };
}

test('an entry whose time was over may be gone: nothing was lost', async () => {
  const clock = new ManualClock();
  const entries = [{ id: `${clock.now()}-0`, notice: 'a' }];
  const bus = new RedisRevocationBus({ keepSeconds: 3_600 }, { client: streamClient(entries).client, clock });
  expect(await bus.receive()).toMatchObject({ notices: ['a'], isComplete: true, hasGap: false });
  clock.pass(3_600);
  entries.length = 0;
  expect(await bus.receive()).toMatchObject({ notices: [], isComplete: true, hasGap: false });
});

test('an instance whose clock is ahead trims nothing that is not old by the clock of Redis', async () => {
  const { client, thresholds } = streamClient([]);
  const bus = new RedisRevocationBus({ keepSeconds: 3_600 }, { client, clock: new ManualClock() });
  await bus.publish('a');
  await bus.publish('b');
  expect(thresholds).toEqual([0, 5_000_000_000 - 3_600_000]);
});

test('an instance that cannot read says so once, and again after it could', async () => {
  const events: CacheEvent[] = [];
  const stop = onCacheEvent((event) => events.push(event));
  const { client } = streamClient([]);
  const { XRANGE: read } = client.answers;
  const revocations = new Revocations({ secret: SECRET }, { bus: new RedisRevocationBus({}, { client }) });
  const broken = async () => Promise.reject(new Error('down'));
  for (const command of [broken, broken, read, broken]) {
    client.answers['XRANGE'] = command as () => unknown;
    expect(await revocations.synchronise()).toBe(command === read);
  }
  stop();
  expect(events).toEqual([{ kind: 'revocations_behind' }, { kind: 'revocations_behind' }]);
});
