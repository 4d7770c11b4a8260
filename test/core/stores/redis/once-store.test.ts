import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type CacheEvent, onCacheEvent } from '@sallyport/core';
import { RedisOnceStore } from '@sallyport/core/redis';
import { age, type Client, HAS_REDIS, RedisServer, until } from '../../../support/redis-server.js';
import { ScriptedClient } from '../../../support/scripted-client.js';

const SECRET = 'a secret that all instances share, 1';
const NEXT = 'a secret that all instances share, 2';
const TTL = 600;
const LOST = { code: 'ERR_SALLYPORT_MARKS_LOST', retryAfterSeconds: expect.any(Number) };
const describeWithRedis = HAS_REDIS ? describe : describe.skip;

describeWithRedis(HAS_REDIS ? 'marks in a Redis server' : 'skipped: there is no redis-server to start', () => {
  let server: RedisServer;
  let client: Client;
  let events: CacheEvent[];
  let stop: () => void;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = await server.client();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await client.flushAll();
    events = [];
    stop = onCacheEvent((event) => events.push(event));
  });
  afterEach(() => stop());

  const open = (secret: string | readonly string[] = SECRET) =>
    new RedisOnceStore({ secret, timeoutMs: 5_000 }, { client });
  async function established(): Promise<RedisOnceStore> {
    const store = open();
    await store.establish();
    return store;
  }
  const epochs = () => client.keys('sallyport:once:*:epoch');
  /** As if the epochs had begun so long ago. */
  async function ageEpochs(seconds: number): Promise<void> {
    for (const key of await epochs()) {
      await client.hSet(key, 'since', String(Number(await client.hGet(key, 'since')) - seconds * 1_000));
    }
  }

  test('in a Redis that is new, nothing is marked until the marks of an earlier one would be over', async () => {
    const store = open();
    await expect(store.mark('key', TTL)).rejects.toMatchObject(LOST);
    await expect(store.mark('key', TTL)).rejects.toMatchObject(LOST);
    expect(events).toEqual([{ kind: 'once_marks_lost', prefix: 'sallyport:' }]);
    await until(async () => (await epochs()).length === 16);
    await ageEpochs(TTL);
    expect(await open().mark('key', TTL)).toBe(true);
    expect(await open().mark('key', TTL)).toBe(false);
  });

  test('a shorter mark is good earlier', async () => {
    const store = open();
    await expect(store.mark('key', 1)).rejects.toMatchObject({ ...LOST, retryAfterSeconds: 1 });
    await ageEpochs(1);
    expect(await open().mark('key', 1)).toBe(true);
    await expect(open().mark('other', TTL)).rejects.toMatchObject(LOST);
  });

  test('what is known to be newer than the loss is marked at once', async () => {
    const store = open();
    await expect(store.mark('key', TTL, undefined, 60)).rejects.toMatchObject({ ...LOST, retryAfterSeconds: 60 });
    await until(async () => (await epochs()).length === 16);
    await ageEpochs(30);
    await expect(open().mark('key', TTL, undefined, 31)).rejects.toMatchObject(LOST);
    expect(await open().mark('key', TTL, undefined, 29)).toBe(true);
    expect(await open().mark('key', TTL, undefined, 29)).toBe(false);
    await expect(open().mark('other', TTL)).rejects.toMatchObject(LOST);
  });

  test('a Redis that was established marks at once, and establishing it again changes nothing', async () => {
    const store = await established();
    expect(await store.mark('key', TTL)).toBe(true);
    await store.establish();
    expect(await store.mark('key', TTL)).toBe(false);
    expect(events).toEqual([]);
  });

  const losses: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['flushed', () => client.flushAll()],
    ['restarted without persistence', () => server.fail(client)],
  ];
  test.each(losses)(
    'a Redis that was %s repeats no mark: 503 as long as one may last, then good again',
    async (_, lose) => {
      const store = await established();
      expect(await store.mark('key', TTL)).toBe(true);
      await lose();
      const others = [store, open()];
      for (const each of others) await expect(each.mark('key', TTL)).rejects.toMatchObject(LOST);
      await expect(store.mark('another', TTL)).rejects.toMatchObject(LOST);
      await until(async () => (await epochs()).length === 16);
      await ageEpochs(TTL);
      expect(await open().mark('key', TTL)).toBe(true);
    },
  );

  test('a Redis that was set back to an older snapshot repeats no mark that came after it', async () => {
    const store = await established();
    expect(await store.mark('before', TTL)).toBe(true);
    await server.dump(client);
    const marked = Array.from({ length: 40 }, (_, index) => `after ${index}`);
    for (const key of marked) expect(await store.mark(key, TTL)).toBe(true);
    await server.fail(client);
    const answers = await Promise.allSettled(marked.map((key) => store.mark(key, TTL)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(await store.mark('before', TTL)).toBe(false);
    expect(events).toContainEqual({ kind: 'once_marks_lost', prefix: 'sallyport:' });
  });

  test('what a crash may have cost is marked by nobody again, also not by an instance that made none of the last marks', async () => {
    const [store, other] = [await established(), open()];
    for (let index = 0; index < 60; index += 1) await store.mark(`before ${index}`, TTL);
    for (let index = 0; index < 60; index += 1) expect(await other.mark(`before ${index}`, TTL)).toBe(false);
    await server.dump(client);
    const marked = Array.from({ length: 40 }, (_, index) => `after ${index}`);
    for (const key of marked) expect(await store.mark(key, TTL)).toBe(true);
    await server.fail(client);
    // No epoch is shorter than this instance has seen it.
    for (const key of marked) await expect(other.mark(key, TTL)).rejects.toMatchObject(LOST);
    await ageEpochs(2);
    expect(await open().mark('after 0', TTL, undefined, 1)).toBe(true);
  });

  test('after a restart, to establish again opens nothing', async () => {
    const store = await established();
    for (let index = 0; index < 60; index += 1) await store.mark(`key ${index}`, TTL);
    await server.dump(client);
    await server.fail(client);
    await open().establish();
    await expect(open().mark('another key', TTL)).rejects.toMatchObject(LOST);
  });

  test('a Redis that loses nothing by a restart marks on at once, where that was said', async () => {
    const careful = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always');
    try {
      const own = await careful.client();
      const store = new RedisOnceStore({ secret: SECRET, timeoutMs: 5_000, survivesRestarts: true }, { client: own });
      await store.establish();
      expect(await store.mark('key', TTL)).toBe(true);
      await careful.fail(own);
      expect(await store.mark('key', TTL)).toBe(false);
      expect(await store.mark('another key', TTL)).toBe(true);
      expect(events).toEqual([]);
    } finally {
      await careful.stop();
    }
  });

  test('an instance that begins after a loss trusts no epoch that was established behind its back', async () => {
    const store = await established();
    for (let index = 0; index < 60; index += 1) await store.mark(`key ${index}`, TTL);
    await client.flushAll();
    await open().establish();
    await expect(store.mark('key 1', TTL)).rejects.toMatchObject(LOST);
  });

  const odd: readonly (readonly [string, (key: string) => Promise<unknown>])[] = [
    ['deleted', (key) => client.del(key)],
    ['a text', (key) => client.set(key, 'x')],
    ['without a beginning', (key) => client.hDel(key, 'since')],
    ['without a number', (key) => client.hSet(key, 'marks', 'many')],
    ['in the future', (key) => client.hSet(key, 'since', '9999999999999')],
    ['older than it was', (key) => client.hSet(key, 'since', '-1')],
    ['with fewer marks', (key) => client.hSet(key, 'marks', '0')],
  ];
  test.each(odd)('an epoch that is %s is begun anew', async (_what, spoil) => {
    const store = await established();
    await store.mark('key', TTL);
    for (const key of await epochs()) await spoil(key);
    await client.del((await client.keys('sallyport:once:*')).filter((key) => !key.endsWith(':epoch')));
    await expect(store.mark('key', TTL)).rejects.toMatchObject(LOST);
    await ageEpochs(TTL + 1);
    expect(await open().mark('key', TTL)).toBe(true);
  });

  test('a mark that does not last is refused, and reaches no Redis', async () => {
    await expect(open().mark('key', 0)).rejects.toThrow(TypeError);
    await expect(open().mark('key', Number.NaN)).rejects.toThrow(TypeError);
  });

  test('while a secret is replaced, instances with either order of both know the marks of the other', async () => {
    await (await established()).mark('old', TTL);
    const [first, second] = [open([SECRET, NEXT]), open([NEXT, SECRET])];
    expect(await second.mark('old', TTL)).toBe(false);
    expect(await first.mark('of the first', TTL)).toBe(true);
    expect(await second.mark('of the first', TTL)).toBe(false);
    expect(await second.mark('of the second', TTL)).toBe(true);
    expect(await first.mark('of the second', TTL)).toBe(false);
    expect(await open(NEXT).mark('of the second', TTL)).toBe(false);
  });

  test('keys are keyed hashes: nobody finds a mark who does not know the secret', async () => {
    await (await established()).mark('webhook delivery 7', TTL);
    expect(await client.keys('*webhook*')).toEqual([]);
    expect(await open('another secret that nobody else has').mark('webhook delivery 7', TTL)).toBe(true);
  });

  test('a mark is gone when its time is over, and nothing but the epochs stays', async () => {
    await (await established()).mark('key', TTL);
    await age(client, TTL * 1_000);
    expect((await client.keys('*')).sort()).toEqual((await epochs()).sort());
  });

  describe('a policy that drops marks when memory is full', () => {
    afterEach(async () => {
      await client.configSet({ maxmemory: '0', 'maxmemory-policy': 'noeviction' });
    });

    test.each(['allkeys-lru', 'volatile-ttl'] as const)('is told at the start: %s', async (policy) => {
      await client.configSet({ maxmemory: '100mb', 'maxmemory-policy': policy });
      open();
      await until(() => events.length > 0);
      expect(events).toEqual([{ kind: 'once_marks_evictable', prefix: 'sallyport:', policy }]);
    });

    test.each([
      ['100mb', 'noeviction'],
      ['0', 'allkeys-lru'],
    ] as const)('is none with maxmemory %s and %s', async (maxmemory, policy) => {
      await client.configSet({ maxmemory, 'maxmemory-policy': policy });
      await (await established()).mark('key', TTL);
      expect(events).toEqual([]);
    });
  });
});

test('a Redis that says something else than about a mark is an error', async () => {
  for (const reply of [undefined, 'OK', [], ['first'], ['yes', 0, 'id', '0', 1, 0], ['first', 0, 'id', 'x', 1, 0]]) {
    const store = new RedisOnceStore({ secret: SECRET }, { client: new ScriptedClient({ EVALSHA: () => reply }) });
    await expect(store.mark('key', TTL)).rejects.toMatchObject({ code: 'ERR_SALLYPORT_UPSTREAM_BODY' });
  }
});

test.each([
  {},
  { secret: 'short' },
  { secret: [] },
  { secret: [SECRET, NEXT, SECRET] },
  { secret: SECRET, timeoutMs: 0 },
])('option %p is refused', (options) => {
  expect(() => new RedisOnceStore(options as never, { client: new ScriptedClient() })).toThrow(
    expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
  );
});
