import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, denied, MemoryCacheStore, type Verdict } from '@sallyport/core';
import { configurationDigest, Secret, VerdictCache } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { aRequest, CacheUnderTest, principalOf } from './cache-fixture.js';

const SECRET = 'a secret that all instances share, 1';

describe('two handlers never share an answer', () => {
  test('two caches on one store, the same token, opposite answers: 10 000 interleavings, no crossing', async () => {
    const clock = new ManualClock();
    const store = new MemoryCacheStore({}, { clock });
    const good = principalOf({ subject: 'from the first' });
    const answers: readonly Verdict[] = [good, denied('token_inactive')];
    const names = ['first', 'second'];
    const open = () =>
      names.map(
        (namespace) =>
          new VerdictCache({ namespace, secret: SECRET, ttlSeconds: 2, negativeTtlSeconds: 1 }, { clock, store }),
      );
    let instances = [open(), open()];
    let crossings = 0;
    let seed = 1;
    for (let round = 0; round < 10_000; round += 1) {
      seed = (seed * 48_271) % 2_147_483_647;
      const handler = seed % 2;
      const cache = instances[(seed >> 1) % 2]?.[handler] as VerdictCache;
      const verdict = await cache.resolve('t', aRequest(), async () => answers[handler] as Verdict);
      if (verdict.kind !== answers[handler]?.kind) crossings += 1;
      if (seed % 7 === 0) clock.pass(0.5);
      if (seed % 1_009 === 0) instances = [open(), open()];
    }
    expect(crossings).toBe(0);
  });

  test('one token is one key per namespace, secret and lifetime', async () => {
    const seen = new Set<string>();
    const store = {
      get: (key: string) => {
        seen.add(key);
        return undefined;
      },
      set: () => {},
      delete: () => {},
    };
    const variants = [
      { namespace: 'a', secret: SECRET },
      { namespace: 'b', secret: SECRET },
      { namespace: 'a', secret: `${SECRET}!` },
      { namespace: 'a', secret: SECRET, ttlSeconds: 31 },
      { namespace: 'a', secret: SECRET, ttlSeconds: 30 },
    ];
    for (const options of variants) await new CacheUnderTest(options, { store }).ask('t');
    expect(seen.size).toBe(4);
  });
});

describe('look-alike tokens are different tokens (fast-jwt CVE-2026-35039)', () => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlIG9mIHNpeHRlZW4';
  const [header, payload, signature] = token.split('.');
  const lookAlikes = [
    `${token}=`,
    `${header}.${payload}.X${signature?.slice(1)}`,
    `X${token.slice(1)}`,
    `${header}.${payload}`,
    `${token}.`,
    token.toLowerCase(),
    `${token.slice(0, 20)}X${token.slice(21)}`,
    `${token}\u0000`,
  ];

  test.each(lookAlikes)('%j', async (lookAlike) => {
    const subject = new CacheUnderTest();
    await subject.ask(token);
    expect(subject.cache.find(lookAlike, buildRequest('/'))).toBeUndefined();
    expect(await subject.ask(lookAlike, denied('signature_invalid'))).toMatchObject({ kind: 'denied' });
    expect(subject.cache.find(token, buildRequest('/'))).toMatchObject({ kind: 'authenticated' });
  });
});

describe('the digest of a configuration', () => {
  test('is the same for equal configurations, whatever the order of their keys', () => {
    const left = configurationDigest({ a: 1, b: { c: [1, 2], d: undefined }, e: new URL('https://as.example/x') });
    const right = configurationDigest({ e: 'https://as.example/x', b: { c: [1, 2] }, a: 1 });
    expect(left).toBe(right);
    expect(left).toMatch(/^[\w-]{43}$/);
  });

  test.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: ['x'] }, { a: 'x' }],
    [{ a: ['x', 'y'] }, { a: ['y', 'x'] }],
    [{ a: 1 }, [['a', 1]]],
    [{ a: null }, {}],
    [{ a: 'b' }, { b: 'a' }],
    [{ a: { b: 1 } }, { a: {}, b: 1 }],
    [undefined, null],
  ])('is different for %j and %j', (left, right) => {
    expect(configurationDigest(left)).not.toBe(configurationDigest(right));
  });

  test.each([
    [() => 1],
    [{ map: () => 1 }],
    [{ secret: new Secret('s3cret') }],
    [{ limit: Number.NaN }],
    [{ at: new Date() }],
    [[1n]],
  ])('is refused for what it cannot tell apart: %p', (configuration) => {
    expect(() => configurationDigest(configuration)).toThrow(ConfigurationError);
    expect(() => configurationDigest(configuration)).not.toThrow('s3cret');
  });
});
