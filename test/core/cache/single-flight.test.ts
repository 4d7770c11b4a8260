import { describe, expect, test } from '@jest/globals';
import { denied, unavailable, type Verdict } from '@sallyport/core';
import { type Eventually, SecurityRequest, type VerdictCacheOptions, type Waiters } from '@sallyport/core/extend';
import { buildRequest } from '@sallyport/core/testing';
import { aRequest, CacheUnderTest, Lookup, leavableRequest, principalOf } from './cache-fixture.js';

/** Lets everything run that is not waiting for a test. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('concurrent first uses of one credential share one lookup', () => {
  test('1 000 of them ask once and get the same verdict', async () => {
    const { cache } = new CacheUnderTest();
    const lookup = new Lookup();
    const waiting = Array.from({ length: 1_000 }, () => cache.resolve('t', aRequest(), lookup.load));
    expect(lookup.calls).toBe(1);
    const good = principalOf();
    lookup.answer(good);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([good]));
    expect(cache.statistics).toMatchObject({ misses: 1, joined: 999, entries: 1, flights: 0 });
  });

  test('different credentials do not wait for each other', async () => {
    const { cache } = new CacheUnderTest();
    const slow = new Lookup();
    const pending = cache.resolve('slow', aRequest(), slow.load);
    expect(await cache.resolve('fast', aRequest(), async () => denied('token_inactive'))).toMatchObject({
      kind: 'denied',
    });
    slow.answer(unavailable('timeout'));
    await pending;
  });

  test('an outage reaches those who joined, and nobody who comes later', async () => {
    const { cache } = new CacheUnderTest();
    const lookup = new Lookup();
    const waiting = [1, 2, 3].map(() => cache.resolve('t', aRequest(), lookup.load));
    const outage = unavailable('timeout');
    lookup.answer(outage);
    expect(await Promise.all(waiting)).toEqual([outage, outage, outage]);
    const later = cache.resolve('t', aRequest(), lookup.load);
    expect(lookup.calls).toBe(2);
    lookup.answer(principalOf());
    expect(await later).toMatchObject({ kind: 'authenticated' });
  });
});

describe('a lookup that fails', () => {
  test('fails everybody who joined, and is forgotten', async () => {
    const { cache } = new CacheUnderTest();
    const lookup = new Lookup();
    const waiting = [1, 2].map(() => cache.resolve('t', aRequest(), lookup.load));
    lookup.fail(new Error('bug'));
    for (const pending of waiting) await expect(pending).rejects.toThrow('bug');
    expect(cache.statistics.flights).toBe(0);
    expect(await cache.resolve('t', aRequest(), async () => principalOf())).toMatchObject({ kind: 'authenticated' });
  });

  test('fails in the same way when it throws synchronously', async () => {
    const { cache } = new CacheUnderTest();
    const throwing = (): never => {
      throw new Error('bug');
    };
    await expect(cache.resolve('t', aRequest(), throwing)).rejects.toThrow('bug');
    expect(cache.statistics.flights).toBe(0);
  });

  test('leaves no unhandled rejection behind when nobody waits any more', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const { cache } = new CacheUnderTest();
    const lookup = new Lookup();
    const { request, leave } = leavableRequest();
    const pending = Promise.resolve(cache.resolve('t', request, lookup.load)).catch(() => 'failed');
    leave();
    lookup.fail(new Error('aborted'));
    expect(await pending).toBe('failed');
    await settle();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

describe('a lookup belongs to none of those who wait', () => {
  test('it goes on for the others when the one who started it goes away', async () => {
    const { cache } = new CacheUnderTest();
    const lookup = new Lookup();
    const { request, leave } = leavableRequest();
    const first = cache.resolve('t', request, lookup.load);
    const second = cache.resolve('t', aRequest(), lookup.load);
    leave();
    expect(lookup.signals[0]?.aborted).toBe(false);
    lookup.answer(principalOf());
    expect(await second).toMatchObject({ kind: 'authenticated' });
    expect(await first).toMatchObject({ kind: 'authenticated' });
    expect(cache.find('t', buildRequest('/'))).toMatchObject({ kind: 'authenticated' });
  });

  test('it goes on when one who joined goes away', async () => {
    const { cache } = new CacheUnderTest();
    const lookup = new Lookup();
    const { request, leave } = leavableRequest();
    const first = cache.resolve('t', aRequest(), lookup.load);
    void cache.resolve('t', request, lookup.load);
    leave();
    expect(lookup.signals[0]?.aborted).toBe(false);
    lookup.answer(principalOf());
    expect(await first).toMatchObject({ kind: 'authenticated' });
  });

  test('its signal is aborted when the last one has gone, and its answer is not kept', async () => {
    const { cache } = new CacheUnderTest();
    const lookup = new Lookup();
    const callers = [leavableRequest(), leavableRequest()];
    const waiting = callers.map(({ request }) => cache.resolve('t', request, lookup.load));
    for (const { leave } of callers) leave();
    expect(lookup.signals[0]?.aborted).toBe(true);
    expect(cache.statistics.flights).toBe(0);
    lookup.answer(principalOf());
    await Promise.all(waiting);
    expect(cache.find('t', buildRequest('/'))).toBeUndefined();
  });

  test('a caller who comes after that starts anew', async () => {
    const { cache } = new CacheUnderTest();
    const lookup = new Lookup();
    const { request, leave } = leavableRequest();
    void cache.resolve('t', request, lookup.load);
    leave();
    const later = cache.resolve('t', aRequest(), lookup.load);
    expect(lookup.calls).toBe(2);
    lookup.answer(principalOf());
    expect(await later).toMatchObject({ kind: 'authenticated' });
  });

  test('its signal is aborted also when it is looked at only then', async () => {
    const { cache } = new CacheUnderTest();
    const { request, leave } = leavableRequest();
    let waiters: Waiters | undefined;
    void cache.resolve('t', request, async (waiting) => {
      waiters = waiting;
      return principalOf();
    });
    leave();
    expect(waiters?.signal.aborted).toBe(true);
  });

  test('one whose client has gone already does not keep it alive', async () => {
    const { cache } = new CacheUnderTest();
    const lookup = new Lookup();
    const { request, leave } = leavableRequest();
    expect(request.signal.aborted).toBe(false);
    leave();
    void cache.resolve('t', request, lookup.load);
    expect(lookup.signals[0]?.aborted).toBe(true);
    expect(cache.statistics.flights).toBe(0);
  });
});

describe('a lookup that hangs', () => {
  test('takes nobody along who comes more than 10 s later', async () => {
    const { cache, clock } = new CacheUnderTest();
    const lookup = new Lookup();
    const stuck = cache.resolve('t', aRequest(), lookup.load);
    clock.pass(10);
    const later = cache.resolve('t', aRequest(), lookup.load);
    expect(lookup.calls).toBe(2);
    lookup.answer(denied('token_inactive'), 1);
    expect(await later).toMatchObject({ kind: 'denied' });
    lookup.answer(principalOf(), 0);
    await stuck;
    expect(cache.find('t', buildRequest('/'))).toBeUndefined();
  });
});

describe('lookups are limited in number', () => {
  test('what exceeds the limit is an outage at once, and joining stays possible', async () => {
    const { cache } = new CacheUnderTest({ maxFlights: 2 });
    const lookup = new Lookup();
    const ask = (credential: string): Eventually<Verdict> => cache.resolve(credential, aRequest(), lookup.load);
    const waiting = [ask('a'), ask('b')];
    expect(ask('c')).toMatchObject({ kind: 'unavailable', reason: 'too_many_lookups' });
    waiting.push(ask('a'));
    lookup.answer(principalOf(), 0);
    lookup.answer(principalOf(), 1);
    await Promise.all(waiting);
    const next = ask('c');
    lookup.answer(principalOf(), 2);
    expect(await next).toMatchObject({ kind: 'authenticated' });
  });

  const from = (remoteAddress: string) =>
    new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [], remoteAddress });

  test.each([
    ['an address', (_index: number) => '192.0.2.1'],
    ['a fresh /64 for each', (index: number) => `2001:db8:1:${index.toString(16)}::1`],
  ])('a flood from %s leaves places to other networks and to who was good before', async (_what, address) => {
    const { cache, clock } = new CacheUnderTest({ maxFlights: 30, ttlSeconds: 30 });
    await cache.resolve('good before', from('198.51.100.1'), async () => principalOf());
    clock.pass(31);
    const lookup = new Lookup();
    const flood = Array.from({ length: 60 }, (_, index) =>
      cache.resolve(`junk ${index}`, from(address(index)), lookup.load),
    );
    expect(cache.statistics.flights).toBe(30);
    const load = async () => principalOf();
    for (const credential of ['new 1', 'new 2', 'new 3']) {
      expect(await cache.resolve(credential, from('203.0.113.9'), load)).toMatchObject({ kind: 'authenticated' });
    }
    expect(await cache.resolve('good before', from(address(61)), load)).toMatchObject({ kind: 'authenticated' });
    expect(await flood.at(-1)).toMatchObject({ reason: 'too_many_lookups' });
  });

  test.each<[string, Partial<VerdictCacheOptions>, (under: CacheUnderTest) => Promise<void>]>([
    ['ends', {}, async ({ clock }) => clock.pass(31)],
    [
      'makes room',
      { maxEntries: 1 },
      async ({ cache }) => void (await cache.resolve('another', aRequest(), async () => principalOf())),
    ],
    ['is forgotten', {}, async ({ cache }) => void (await cache.forget('good before'))],
    ['is too old for an operation', {}, async ({ clock }) => clock.pass(10)],
  ])('who was good before has a place in a flood when its verdict %s', async (_what, options, lose) => {
    const under = new CacheUnderTest({ maxFlights: 30, ttlSeconds: 30, ...options });
    const { cache } = under;
    const load = async () => principalOf();
    await cache.resolve('good before', aRequest(), load);
    await lose(under);
    const fromFlood = () => buildRequest('/', { remoteAddress: '192.0.2.1', maxVerdictAgeSeconds: 5 });
    const lookup = new Lookup();
    for (let index = 0; index < 60; index += 1) void cache.resolve(`junk ${index}`, fromFlood(), lookup.load);
    expect(await cache.resolve('never seen', fromFlood(), load)).toMatchObject({ reason: 'too_many_lookups' });
    expect(await cache.resolve('good before', fromFlood(), load)).toMatchObject({ kind: 'authenticated' });
  });

  test('whoever has to make room is answered at once, and its lookup is told', async () => {
    const { cache } = new CacheUnderTest({ maxFlights: 4 });
    const lookup = new Lookup();
    const flood = ['a', 'b', 'c', 'd'].map((credential) => cache.resolve(credential, from('192.0.2.1'), lookup.load));
    const good = cache.resolve('good', from('203.0.113.9'), lookup.load);
    expect(await flood[3]).toMatchObject({ kind: 'unavailable', reason: 'too_many_lookups' });
    expect(lookup.signals.map(({ aborted }) => aborted)).toEqual([false, false, false, true, false]);
    for (const call of [0, 1, 2, 3, 4]) lookup.answer(principalOf(), call);
    expect(await good).toMatchObject({ kind: 'authenticated' });
    expect(cache.find('d', buildRequest('/'))).toBeUndefined();
    expect(cache.statistics).toMatchObject({ entries: 4, flights: 0 });
  });
});
