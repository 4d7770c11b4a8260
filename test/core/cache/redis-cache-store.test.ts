import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { denied, Revocations, type Verdict } from '@sallyport/core';
import { VerdictCache } from '@sallyport/core/extend';
import { RedisCacheStore, RedisCounterStore, RedisOnceStore, RedisRevocationBus } from '@sallyport/core/redis';
import { cacheStoreRules } from '@sallyport/core/testing';
import { age, type Client, HAS_REDIS, RedisServer } from '../../support/redis-server.js';
import { ScriptedClient } from '../../support/scripted-client.js';
import { aRequest, principalOf } from './cache-fixture.js';

const SECRET = 'a secret that all instances share, 1';
const describeWithRedis = HAS_REDIS ? describe : describe.skip;

describeWithRedis(HAS_REDIS ? 'with a Redis server' : 'skipped: there is no redis-server to start', () => {
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

  // A busy machine may need longer than the default for the slowest of many reads.
  const open = () => new RedisCacheStore({ readTimeoutMs: 1_000 }, { client });
  // Small, because making room for the usual number of entries takes longer than everything else here.
  const cacheOn = (namespace = 'test', store = open()) =>
    new VerdictCache({ namespace, secret: SECRET, maxEntries: 100, maxNegativeEntries: 100 }, { store });
  const ask = async (cache: VerdictCache, token: string, verdict: Verdict) =>
    cache.resolve(token, aRequest(), async () => verdict);

  describe('RedisCacheStore keeps the rules of a cache store', () => {
    const rules = cacheStoreRules(() => ({ store: open(), pass: (milliseconds) => age(client, milliseconds) }));
    for (const { title, check } of rules) test(title, check);
  });

  test('a value has the lifetime in Redis that it was given', async () => {
    open().set('key', 'value', 90_000);
    const leftMs = await client.pTTL('sallyport:key');
    expect(leftMs).toBeGreaterThan(80_000);
    expect(leftMs).toBeLessThanOrEqual(90_000);
  });

  test('two handlers, the same token, opposite answers: 2 000 interleavings, no crossing', async () => {
    const good = principalOf();
    const refusal = denied('token_inactive');
    const interleave = async (token: string) => {
      const answers = [ask(cacheOn('first'), token, good), ask(cacheOn('second'), token, refusal)];
      return (await Promise.all(answers)).map(({ kind }) => kind).join();
    };
    const tokens = Array.from({ length: 50 }, (_, index) => `token ${index}`);
    for (let batch = 0; batch < 20; batch += 1) {
      const outcomes = await Promise.all(tokens.map(interleave));
      expect(new Set(outcomes)).toEqual(new Set(['authenticated,denied']));
    }
    expect(await client.dbSize()).toBe(50);
  });

  test('what one instance found out answers another', async () => {
    await ask(cacheOn(), 'token', principalOf({ claims: { note: 'ünï' } }));
    const other = cacheOn();
    expect(await ask(other, 'token', denied('asked'))).toMatchObject({ principal: { claims: { note: 'ünï' } } });
    expect(other.statistics.sharedHits).toBe(1);
  });

  test('a dump of the server holds no token, name, scope or claim in clear', async () => {
    const token = 'eyJhbGciOiJSUzI1NiJ9.canary-canary-canary.signature';
    const services = { client };
    const secret = { secret: SECRET, timeoutMs: 5_000 };
    const counters = new RedisCounterStore(secret, services);
    const marks = new RedisOnceStore(secret, services);
    const limits = { readTimeoutMs: 1_000, publishTimeoutMs: 30_000 };
    const revocations = new Revocations({ secret: SECRET }, { bus: new RedisRevocationBus(limits, services) });
    await marks.establish();
    await ask(
      cacheOn(),
      token,
      principalOf({
        subject: 'alice-the-subject',
        clientId: 'shop-the-client',
        issuer: 'https://issuer.example',
        scopes: ['orders:read'],
        claims: { email: 'alice@example.org' },
      }),
    );
    await counters.add('alice-the-subject', 60);
    await marks.mark('delivery-of-alice', 60);
    expect(await revocations.revokeSubject('alice-the-subject', { issuer: 'https://issuer.example' })).toBe(true);
    await revocations.close();
    expect(await revocations.revokeToken(token)).toBe(true);
    expect(await client.dbSize()).toBe(1 + 1 + 1 + 1 + 16);
    const texts = (await client.keys('*')).filter((key) => /^sallyport:[\w-]{43}$/.test(key));
    const values = await Promise.all(texts.map((key) => client.get(key)));
    const notices = (await client.xRange('sallyport:revocations', '-', '+')) ?? [];
    const sealed = [...values, ...notices.map(({ message }) => message['notice'])];
    expect(sealed).toHaveLength(1 + 2);
    const bytes = sealed.map((text) => Buffer.from(String(text), 'base64url').toString('latin1'));
    const dump = [await server.dump(client), ...bytes].join();
    // All that a value or notice consists of, names of its members included.
    const clear = [
      'alice',
      'shop',
      'issuer',
      'orders',
      'email',
      'delivery',
      'principal',
      'isParty',
      'endsAtMs',
      SECRET,
    ];
    for (const part of [...token.split('.'), ...clear]) expect(dump).not.toContain(part);
    expect(dump).toContain('sallyport:');
  });

  describe('whatever is odd is a miss', () => {
    const oddities: readonly (readonly [string, (key: string) => Promise<unknown>])[] = [
      ['FLUSHALL', () => client.flushAll()],
      ['random bytes', (key) => client.set(key, Buffer.from([0, 255, 128, 46, 10, 195]))],
      ['a value of another type', async (key) => [await client.del(key), await client.lPush(key, 'x')]],
      ['a value of 1 MB', (key) => client.set(key, 'x'.repeat(1_000_000))],
      ['an empty value', (key) => client.set(key, '')],
    ];

    test.each(oddities)('%s', async (_oddity, spoil) => {
      await ask(cacheOn(), 'token', principalOf());
      await spoil((await client.keys('*'))[0] as string);
      expect(await ask(cacheOn(), 'token', denied('asked'))).toMatchObject({ reason: 'asked' });
    });
  });

  test('a value that is too long is not written', async () => {
    await ask(cacheOn(), 'token', principalOf({ claims: { note: 'x'.repeat(70_000) } }));
    expect(await client.dbSize()).toBe(0);
  });

  test('a frozen server refuses nobody', async () => {
    const cache = cacheOn('test', new RedisCacheStore({}, { client }));
    server.freeze();
    try {
      for (let count = 0; count < 100; count += 1) {
        expect(await ask(cache, `token ${count}`, principalOf())).toMatchObject({ kind: 'authenticated' });
      }
    } finally {
      server.thaw();
    }
  });

  test('a killed server is a miss, and a new one is used again', async () => {
    const cache = cacheOn();
    await server.kill();
    expect(await ask(cache, 'token', principalOf())).toMatchObject({ kind: 'authenticated' });
    const reconnected = new Promise((resolve) => client.once('ready', resolve));
    server.restart();
    await reconnected;
    await ask(cache, 'another', principalOf());
    expect(await ask(cacheOn(), 'another', denied('asked'))).toMatchObject({ kind: 'authenticated' });
  });
});

test('no more of a value is read than it may have, and what is longer is a miss (CWE-770)', async () => {
  const asked: unknown[] = [];
  let kept = 'x'.repeat(2_000);
  const client = new ScriptedClient({
    GETRANGE: (_key, start, end) => {
      asked.push([start, end]);
      return kept.slice(Number(start), Number(end) + 1);
    },
  });
  const store = new RedisCacheStore({ maxValueBytes: 1_024 }, { client });
  expect(await store.get('key')).toBeUndefined();
  kept = kept.slice(0, 1_024);
  expect(await store.get('key')).toBe(kept);
  expect(asked).toEqual([
    ['0', '1024'],
    ['0', '1024'],
  ]);
});

test.each([{ prefix: '' }, { readTimeoutMs: 0 }, { maxPending: 0 }, { maxValueBytes: 1 }, { timeoutMs: 50 }])(
  'option %p is refused',
  (options) => {
    const client = new ScriptedClient();
    expect(() => new RedisCacheStore(options, { client })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_(?:INVALID|UNKNOWN)$/) }),
    );
  },
);
