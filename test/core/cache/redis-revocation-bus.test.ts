import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type CacheEvent, denied, onCacheEvent, Revocations, type Verdict } from '@sallyport/core';
import { type Clock, systemClock, VerdictCache } from '@sallyport/core/extend';
import { RedisCacheStore, RedisRevocationBus } from '@sallyport/core/redis';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { type Client, HAS_REDIS, RedisServer, until } from '../../support/redis-server.js';
import { ScriptedClient } from '../../support/scripted-client.js';
import { aRequest, Lookup, principalOf } from './cache-fixture.js';

const SECRET = 'a secret that all instances share, 1';
const STREAM = 'sallyport:revocations';
/** Limits that a busy machine keeps as well; those of a deployment are tested on a clock of their own. */
const PATIENT = { readTimeoutMs: 1_000, publishTimeoutMs: 30_000 };
const REVOKED = { kind: 'denied', reason: 'token_revoked' };
const describeWithRedis = HAS_REDIS ? describe : describe.skip;

/** One process of a deployment. */
interface Instance {
  readonly revocations: Revocations;
  readonly cache: VerdictCache;
  readonly client: Client;
  readonly subscriber: Client | undefined;
}

describeWithRedis(
  HAS_REDIS ? 'revocations through a Redis server' : 'skipped: there is no redis-server to start',
  () => {
    let server: RedisServer;
    let admin: Client;
    const started: Revocations[] = [];

    beforeAll(async () => {
      server = await RedisServer.start();
      admin = await server.client();
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      await admin.flushAll();
    });
    afterEach(async () => {
      for (const revocations of started.splice(0)) await revocations.close();
    });

    /** An instance that hears of revocations at once, or, when deaf, only by what the stream keeps. */
    async function open({
      isDeaf = false,
      withStore = false,
      clock = systemClock as Clock,
      client: given = undefined as Client | undefined,
    } = {}): Promise<Instance> {
      const client = given ?? (await server.client());
      const subscriber = isDeaf ? undefined : await server.client();
      const bus = new RedisRevocationBus(PATIENT, { client, subscriber });
      const revocations = new Revocations({ secret: SECRET }, { bus, clock });
      const store = withStore ? new RedisCacheStore({}, { client }) : undefined;
      const cache = new VerdictCache({ namespace: 'test', secret: SECRET }, { revocations, store, clock });
      await revocations.start();
      started.push(revocations);
      return { revocations, cache, client, subscriber };
    }

    const ask = async ({ cache }: Instance, token: string, verdict: Verdict = principalOf()) =>
      cache.resolve(token, aRequest(), async () => verdict);

    test('a token revoked on one instance is refused on all, at once and without a lookup', async () => {
      const [first, ...others] = [await open(), await open(), await open()];
      for (const instance of [first, ...others]) await ask(instance, 'token');
      expect(await first.revocations.revokeToken('token')).toBe(true);
      for (const { cache } of others) await until(() => cache.find('token', buildRequest('/')) === undefined);
      for (const instance of others) expect(await ask(instance, 'token')).toMatchObject(REVOKED);
    });

    test('revoked during a delayed lookup on another instance: refused there, no refill', async () => {
      const [first, second] = [await open(), await open()];
      const lookup = new Lookup();
      const pending = second.cache.resolve('token', aRequest(), lookup.load);
      await until(() => lookup.calls === 1);
      await first.revocations.revokeSubject('alice');
      await until(() => second.revocations.epoch === 1);
      lookup.answer(principalOf());
      expect(await pending).toMatchObject(REVOKED);
      expect(second.cache.find('token', buildRequest('/'))).toBeUndefined();
    });

    test('all messages lost: the next lookup reads what the stream has kept', async () => {
      const [first, deaf] = [await open(), await open({ isDeaf: true })];
      await ask(deaf, 'known');
      await first.revocations.revokeToken('known');
      expect(deaf.cache.find('known', buildRequest('/'))).toMatchObject({ kind: 'authenticated' });
      await ask(deaf, 'any other token');
      expect(await ask(deaf, 'known')).toMatchObject(REVOKED);
    });

    test('a message that was missed while a subscription was away lets nothing pass after a second', async () => {
      const clock = new ManualClock();
      const [first, second] = [await open({ client: admin }), await open({ clock })];
      await ask(second, 'token');
      // On one connection, so that nobody has subscribed again when the message is sent.
      const [, isTold] = await Promise.all([
        admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']),
        first.revocations.revokeToken('token'),
      ]);
      expect(isTold).toBe(true);
      expect(second.cache.find('token', aRequest())).toMatchObject({ kind: 'authenticated' });
      await until(() => second.subscriber?.isReady === true);
      clock.pass(1);
      expect(await ask(second, 'token')).toMatchObject(REVOKED);
      // The subscription is back as well: the next one comes at once.
      await ask(second, 'another');
      await until(async () => {
        await first.revocations.revokeToken('another');
        return second.revocations.refuses('another');
      });
    });

    test('while Redis is away, an idle instance answers from memory; a second later it refuses what the others revoked', async () => {
      const clock = new ManualClock();
      const [first, second] = [await open(), await open({ clock, isDeaf: true })];
      await ask(second, 'token');
      await server.kill();
      expect(await first.revocations.revokeToken('token')).toBe(false);
      clock.pass(20);
      expect(await ask(second, 'token')).toMatchObject({ kind: 'authenticated' });
      server.restart();
      await until(() => first.client.isReady && second.client.isReady && admin.isReady);
      await until(async () => {
        await first.revocations.synchronise();
        return (await admin.xLen(STREAM)) > 0 && first.revocations.lagSeconds === 0;
      });
      await until(async () => {
        clock.pass(1);
        return (await ask(second, 'token')).kind === 'denied';
      });
    });

    test('what one cache forgets, all forget: with the message, and without it a second later', async () => {
      const clock = new ManualClock();
      const [first, second, deaf] = [
        await open({ withStore: true }),
        await open({ withStore: true }),
        await open({ withStore: true, isDeaf: true, clock }),
      ];
      for (const instance of [first, second, deaf]) await ask(instance, 'token');
      expect(await first.cache.forget('token')).toBe(true);
      await until(() => second.cache.find('token', aRequest()) === undefined);
      expect(await ask(second, 'token', denied('asked'))).toMatchObject({ reason: 'asked' });
      clock.pass(1);
      expect(await ask(deaf, 'token', denied('asked'))).toMatchObject({ reason: 'asked' });
    });

    test('an instance that starts later knows what was revoked before', async () => {
      const first = await open();
      await first.revocations.revokeToken('token');
      expect(await ask(await open({ isDeaf: true }), 'token')).toMatchObject(REVOKED);
    });

    test('2 500 revocations are read in one go', async () => {
      const first = await open();
      // A few at a time: whoever shares them all at once may wait longer than a command may take.
      for (let start = 0; start < 2_500; start += 250) {
        const some = Array.from({ length: 250 }, (_, index) => first.revocations.revokeToken(`token ${start + index}`));
        expect(new Set(await Promise.all(some))).toEqual(new Set([true]));
      }
      expect((await open({ isDeaf: true })).revocations.size).toBe(2_500);
    });

    test('what another instance shared does not outlive a revocation', async () => {
      const [first, second] = [await open({ withStore: true }), await open({ withStore: true, isDeaf: true })];
      await ask(first, 'token', principalOf({ issuedAt: 1 }));
      await first.revocations.revokeSubject('alice');
      expect(await ask(second, 'token', denied('asked'))).toMatchObject(REVOKED);
    });

    test('an instance hears its own revocation and thinks nothing of it', async () => {
      const only = await open();
      await only.revocations.revokeSubject('alice');
      await ask(only, 'token');
      await ask(only, 'another');
      expect(only.revocations.epoch).toBe(1);
      expect(only.cache.find('token', buildRequest('/'))).toMatchObject({ kind: 'authenticated' });
    });

    test('what nobody sealed revokes nothing, and raises an event', async () => {
      const events: CacheEvent[] = [];
      const stop = onCacheEvent((event) => events.push(event));
      const instance = await open();
      await admin.xAdd(STREAM, '*', { notice: 'rubbish' });
      await admin.xAdd(STREAM, '*', { other: 'field' });
      await admin.publish(STREAM, JSON.stringify({ key: 'x', isParty: false, at: 1, endsAtMs: 9e15 }));
      await until(() => events.length === 1);
      await ask(instance, 'token');
      stop();
      expect(events).toEqual([{ kind: 'revocation_forged' }, { kind: 'revocation_forged' }]);
      expect(instance.revocations.size).toBe(0);
    });

    test('neither token nor subject is in a dump of the server', async () => {
      const { revocations } = await open();
      await revocations.revokeToken('canary-token');
      await revocations.revokeSubject('canary-subject');
      await revocations.revokeClient('canary-client');
      const dump = await server.dump(admin);
      expect(dump).toContain('revocations');
      expect(dump).not.toContain('canary');
    });

    test('the stream ends by itself, and old notices are trimmed', async () => {
      const { revocations } = await open();
      await revocations.revokeToken('token');
      expect(await admin.pTTL(STREAM)).toBeGreaterThan(86_000_000);
      const old = String(Date.now() - 90_000_000);
      for (let index = 1; index <= 200; index += 1) await admin.xAdd('aside', `${old}-${index}`, { notice: 'old' });
      await admin.rename('aside', STREAM);
      await revocations.revokeToken('another');
      expect(await admin.xLen(STREAM)).toBeLessThan(200);
    });

    test('a stream that is none: nothing is shared, nobody is refused', async () => {
      const [first, second] = [await open({ withStore: true }), await open({ withStore: true })];
      await ask(first, 'token');
      await admin.del(STREAM);
      await admin.set(STREAM, 'not a stream');
      expect(await ask(second, 'token', principalOf({ subject: 'asked' }))).toMatchObject({
        principal: { subject: 'asked' },
      });
      expect(await first.revocations.revokeToken('other')).toBe(false);
    });

    test('a revocation during an outage holds here, says that others were not told, and reaches them afterwards', async () => {
      const [first, second] = [await open(), await open({ isDeaf: true })];
      await server.kill();
      expect(await first.revocations.revokeToken('token')).toBe(false);
      expect(await ask(first, 'token')).toMatchObject(REVOKED);
      server.restart();
      await until(() => first.client.isReady && second.client.isReady && admin.isReady);
      await ask(first, 'a lookup that works again');
      await until(async () => {
        await second.revocations.synchronise();
        return second.revocations.refuses('token');
      });
      expect(await ask(second, 'token')).toMatchObject(REVOKED);
    });

    test('a frozen server holds up neither a start nor a lookup: both end without its reply', async () => {
      const instance = await open();
      server.freeze();
      try {
        expect(await ask(instance, 'token')).toMatchObject({ kind: 'authenticated' });
        await instance.revocations.start();
      } finally {
        server.thaw();
      }
    });
  },
);

test.each([{ prefix: '' }, { keepSeconds: 1 }, { readTimeoutMs: 0 }, { publishTimeoutMs: 0 }, { stream: 'x' }])(
  'option %p is refused',
  (options) => {
    const client = new ScriptedClient();
    expect(() => new RedisRevocationBus(options, { client })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_(?:INVALID|UNKNOWN)$/) }),
    );
  },
);

test('a lookup does not wait for what is sent again: writing may be stuck where reading works', async () => {
  const sent: unknown[] = [];
  let append = (): Promise<unknown> => Promise.reject(new Error('READONLY'));
  const client = new ScriptedClient({
    XADD: (...given) => {
      if (given.at(-2) === 'notice') sent.push(given.at(-1));
      return append();
    },
    XRANGE: () => [],
  });
  const bus = new RedisRevocationBus({}, { client, clock: new ManualClock() });
  for (const notice of ['a', 'b', 'c']) expect(await bus.publish(notice)).toBe(false);
  append = () => new Promise(() => {});
  const nothing = { notices: [], isComplete: true, hasGap: false, hasOwn: true };
  expect(await bus.receive()).toEqual(nothing);
  expect(await bus.receive()).toEqual(nothing);
  expect(sent.slice(3)).toEqual(['a']);
});

describe('a process that revokes, and gets no request after that,', () => {
  const clock = new ManualClock();
  /** What the stream holds; undefined while the server is away. */
  let entries: string[] | undefined;
  let startMs = 0;
  let reads = 0;
  const client = new ScriptedClient({
    XADD: (...given) => {
      if (entries === undefined) throw new Error('READONLY');
      if (given.at(-2) === 'notice') entries.push(given.at(-1) ?? '');
      return `${startMs}-${entries.length}`;
    },
    XRANGE: (_name, after = '') => {
      reads += 1;
      if (entries === undefined) throw new Error('READONLY');
      const all = entries.map((notice, index) => [`${startMs}-${index + 1}`, ['notice', notice]]);
      return all.slice(Number(after.split('-')[1]));
    },
  });
  let revocations: Revocations;

  /** Half a second at a time, as a process that is idle. */
  async function idle(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      clock.pass(0.5);
      await new Promise(setImmediate);
    }
  }

  beforeEach(() => {
    [entries, reads, startMs] = [[], 0, clock.now()];
    const bus = new RedisRevocationBus({ keepSeconds: 3_600 }, { client, clock });
    revocations = new Revocations({ secret: SECRET, keepSeconds: 3_600 }, { bus, clock });
  });
  afterEach(() => revocations.close());

  test('sends again what was not taken', async () => {
    entries = undefined;
    expect(await revocations.revokeToken('token')).toBe(false);
    await idle(3);
    entries = [];
    await idle(2);
    expect(entries).toHaveLength(1);
  });

  test('sends again what was lost later', async () => {
    expect(await revocations.revokeToken('token')).toBe(true);
    await idle(4);
    expect(entries).toHaveLength(1);
    entries = [];
    await idle(4);
    expect(entries).toHaveLength(1);
  });

  test('reads until others need it no more', async () => {
    await revocations.revokeToken('token');
    await idle(4);
    expect(reads).toBeGreaterThan(2);
    clock.pass(3_600);
    await idle(2);
    const before = reads;
    await idle(4);
    expect(reads).toBe(before);
  });

  test('reads no more once it is closed', async () => {
    await revocations.revokeToken('token');
    await idle(2);
    await revocations.close();
    const before = reads;
    await idle(4);
    expect(reads).toBe(before);
  });

  test('sends again what was lost, also after it was closed and started again', async () => {
    await revocations.revokeToken('token');
    await revocations.close();
    await revocations.start();
    entries = [];
    await idle(4);
    expect(entries).toHaveLength(1);
  });
});

test('what is sent again is sent once, in order, up to the first that fails', async () => {
  const sent: string[] = [];
  let fails = (_notice: string) => true;
  const client = new ScriptedClient({
    XADD: (...given) => {
      const notice = given.at(-1) ?? '';
      if (given.at(-2) !== 'notice' || fails(notice)) throw new Error('READONLY');
      sent.push(notice);
      return `${sent.length}-0`;
    },
    XRANGE: (_name, after = '') => {
      const entries = sent.map((notice, index) => [`${index + 1}-0`, ['notice', notice]]);
      return entries.slice(Number.parseInt(after.slice(1), 10));
    },
  });
  const bus = new RedisRevocationBus({}, { client, clock: new ManualClock() });
  for (const notice of ['a', 'b', 'c']) await bus.publish(notice);
  fails = (notice) => notice === 'b';
  await bus.receive();
  await until(() => sent.length === 1);
  fails = () => false;
  await bus.receive();
  await until(() => sent.length === 3);
  await bus.receive();
  expect(sent).toEqual(['a', 'b', 'c']);
});

test('a bus needs a secret', () => {
  const client = new ScriptedClient();
  expect(() => new Revocations({}, { bus: new RedisRevocationBus({}, { client }) })).toThrow(
    expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
  );
});
