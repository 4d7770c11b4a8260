import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RedisCounterStore } from '@sallyport/core/redis';
import { ManualClock } from '@sallyport/core/testing';
import { age, type Client, HAS_REDIS, RedisServer } from '../../../support/redis-server.js';
import { ScriptedClient } from '../../../support/scripted-client.js';

const SECRET = 'a secret that all instances share, 1';
const NEXT = 'a secret that all instances share, 2';
const describeWithRedis = HAS_REDIS ? describe : describe.skip;

describeWithRedis(HAS_REDIS ? 'counts in a Redis server' : 'skipped: there is no redis-server to start', () => {
  let server: RedisServer;
  let client: Client;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = await server.client();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await client.flushAll();
  });

  const open = (secret: string | readonly string[] = SECRET) =>
    new RedisCounterStore({ secret, timeoutMs: 5_000 }, { client });
  const onlyKey = async () => (await client.keys('*'))[0] as string;

  test('keys are keyed hashes: a user name that was counted is found by nobody', async () => {
    await open().add('alice', 60);
    expect(await onlyKey()).toMatch(/^sallyport:count:\{[0-9a-f]\}:[\w-]{43}$/);
    expect(await open('another secret that nobody else has').get('alice')).toBeUndefined();
  });

  test('while a secret is replaced, instances with either order of both count together', async () => {
    await open().add('key', 60);
    const [first, second] = [open([SECRET, NEXT]), open([NEXT, SECRET])];
    expect(await second.add('key', 60)).toMatchObject({ value: 2 });
    expect(await first.add('key', 60)).toMatchObject({ value: 3 });
    expect(await second.get('key')).toMatchObject({ value: 3 });
    await second.reset('key');
    expect(await first.get('key')).toBeUndefined();
  });

  const odd: readonly (readonly [string, (key: string) => Promise<unknown>])[] = [
    ['a text', (key) => client.set(key, 'many')],
    ['a list', async (key) => [await client.del(key), await client.lPush(key, '1')]],
    ['a number below 0', (key) => client.set(key, '-1000000')],
    ['a number with a fraction', (key) => client.set(key, '1.5')],
    ['a number too large to count on', (key) => client.set(key, '9223372036854775807')],
  ];
  test.each(odd)('%s under a key is no count, and the next one opens a window', async (_what, spoil) => {
    const store = open();
    await store.add('key', 60);
    await spoil(await onlyKey());
    expect(await store.get('key')).toBeUndefined();
    expect(await store.add('key', 60)).toMatchObject({ value: 1 });
    expect(await client.pTTL(await onlyKey())).toBeGreaterThan(50_000);
  });

  test('a count that has lost its end gets one', async () => {
    const store = open();
    await store.add('key', 60);
    await client.persist(await onlyKey());
    expect(await store.add('key', 60)).toMatchObject({ value: 2, endsInMs: 60_000 });
    await age(client, 60_000);
    expect(await store.get('key')).toBeUndefined();
  });
});

describe('a Redis that does not answer is an error', () => {
  const ask = [
    (store: RedisCounterStore) => store.get('key'),
    (store: RedisCounterStore) => store.add('key', 60),
    (store: RedisCounterStore) => store.reset('key'),
  ];
  const expectEach = async (client: ScriptedClient, problem: object) => {
    for (const one of ask) {
      const store = new RedisCounterStore({ secret: SECRET }, { client });
      await expect(one(store)).rejects.toMatchObject(problem);
    }
  };
  const answering = (answer: () => unknown) => new ScriptedClient({ EVALSHA: answer, DEL: answer });
  const fail = (message: string) => () => Promise.reject(new Error(message));

  test('without a connection nothing is sent', async () => {
    const client = answering(fail('sent'));
    client.isReady = false;
    await expectEach(client, { code: 'ERR_SALLYPORT_UPSTREAM_UNREACHABLE' });
  });

  test('a lost connection, and an error of Redis by its first word: the rest may quote a key', async () => {
    await expectEach(answering(fail('Socket closed unexpectedly')), { code: 'ERR_SALLYPORT_UPSTREAM_UNREACHABLE' });
    const problem = { code: 'ERR_SALLYPORT_UPSTREAM_STATUS', message: 'Redis answered OOM' };
    await expectEach(answering(fail("OOM command not allowed when used memory > 'maxmemory'.")), problem);
  });

  test('a late reply is not waited for, and the next callers are refused at once for 1 s', async () => {
    const clock = new ManualClock();
    const client = answering(() => new Promise(() => {}));
    const store = new RedisCounterStore({ secret: SECRET, timeoutMs: 50 }, { client, clock });
    const late = expect(store.add('key', 60)).rejects.toMatchObject({ code: 'ERR_SALLYPORT_UPSTREAM_TIMEOUT' });
    clock.pass(0.05);
    await late;
    const resting = { code: 'ERR_SALLYPORT_UPSTREAM_CIRCUIT_OPEN', retryAfterSeconds: 1 };
    await expect(store.get('key')).rejects.toMatchObject(resting);
    clock.pass(1);
    client.answers['EVALSHA'] = () => [3, 1_000];
    expect(await store.get('key')).toEqual({ value: 3, endsInMs: 1_000 });
  });

  test('no more commands wait than may', async () => {
    const client = answering(() => new Promise(() => {}));
    const store = new RedisCounterStore({ secret: SECRET, maxPending: 2 }, { client, clock: new ManualClock() });
    for (let index = 0; index < 2; index += 1) store.add('key', 60);
    await expect(store.add('key', 60)).rejects.toMatchObject({ code: 'ERR_SALLYPORT_UPSTREAM_OVERLOADED' });
  });

  test('what is no count is an error', async () => {
    for (const reply of [null, 'OK', [], [1], ['x', 'y']]) {
      const store = new RedisCounterStore({ secret: SECRET }, { client: answering(() => reply) });
      await expect(store.get('key')).rejects.toMatchObject({ code: 'ERR_SALLYPORT_UPSTREAM_BODY' });
    }
  });
});
