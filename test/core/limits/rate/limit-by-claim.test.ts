import { describe, expect, test } from '@jest/globals';
import {
  createPrincipal,
  type Decision,
  headerHandler,
  MemoryCounterStore,
  onCacheEvent,
  type RateLimitOptions,
  rateLimit,
  SecurityChain,
} from '@sallyport/core';
import { buildRequest, ManualClock } from '@sallyport/core/testing';

const BY_PLAN = { claim: 'plan', values: { large: 3, small: 1 }, otherwise: 2 } as const;
const MINUTE: RateLimitOptions = { name: 'minute', limit: BY_PLAN, windowSeconds: 60 };

const of = (subject: string, plan?: unknown) =>
  createPrincipal({ subject, claims: plan === undefined ? {} : { plan: plan as string } });

function opened(options: Partial<RateLimitOptions> = {}) {
  const clock = new ManualClock();
  const limit = rateLimit({ ...MINUTE, ...options }, { clock });
  const granted = (subject: string, plan?: unknown) => {
    const kinds = Array.from(
      { length: 5 },
      () => (limit.check(of(subject, plan), buildRequest('/')) as { kind: string }).kind,
    );
    return kinds.filter((kind) => kind === 'permitted').length;
  };
  return { clock, granted };
}

describe('a limit by a claim', () => {
  test('grants each caller what its claim names', () => {
    const { granted, clock } = opened();
    expect([granted('bank', 'large'), granted('shop', 'small'), granted('kiosk', 'small')]).toEqual([3, 1, 1]);
    clock.pass(60);
    expect([granted('bank', 'large'), granted('shop', 'small')]).toEqual([3, 1]);
  });

  test.each([
    ['no claim', undefined],
    ['another value', 'huge'],
    ['another spelling', 'Large'],
    ['an empty text', ''],
    ['null', null],
    ['a list', ['large']],
    ['a number', 3],
    ['the name of a member of every object', 'constructor'],
  ])('grants what is for all others where there is %s', (_what, plan) => {
    expect(opened().granted('alice', plan)).toBe(2);
  });

  test('counts each of its values by itself', () => {
    const { granted } = opened({ by: 'everybody' });
    expect([granted('a', 'large'), granted('b', 'large'), granted('c', 'small'), granted('d')]).toEqual([3, 0, 1, 2]);
  });

  test('counts each of its values by itself in a store, too', async () => {
    const clock = new ManualClock();
    const counterStore = new MemoryCounterStore({}, { clock });
    const [one, other] = [rateLimit(MINUTE, { clock, counterStore }), rateLimit(MINUTE, { clock, counterStore })];
    const kinds = [];
    for (const [limit, plan] of [
      [one, 'small'],
      [other, 'small'],
      [other, 'large'],
      [one, undefined],
    ] as const)
      kinds.push((await limit.check(of('alice', plan), buildRequest('/'))).kind);
    expect(kinds).toEqual(['permitted', 'limited', 'permitted', 'permitted']);
  });

  test('tells each caller its own limit (draft-ietf-httpapi-ratelimit-headers-10)', () => {
    const clock = new ManualClock();
    const plans = new Map([['bank', 'large']]);
    const verify = (key: string) => of(key, plans.get(key));
    const requirement = headerHandler({ name: 'keys', header: 'X-Key', verify });
    const chain = new SecurityChain({ requirement, guards: [rateLimit(MINUTE, { clock })] }, { clock });
    const told = (key: string) => {
      const { headers } = chain.decide(buildRequest('/', { headers: { 'X-Key': key } })) as Decision;
      return headers.map((line) => line.join(': '));
    };
    expect(told('bank')).toEqual(['RateLimit-Policy: "minute";q=3;w=60', 'RateLimit: "minute";r=2;t=60']);
    expect(told('shop')).toEqual(['RateLimit-Policy: "minute";q=2;w=60', 'RateLimit: "minute";r=1;t=60']);
  });

  test('tells once that its store is away, and that it is back', async () => {
    const clock = new ManualClock();
    const told: string[] = [];
    const stop = onCacheEvent(({ kind }) => told.push(kind));
    let isAway = true;
    const store = new MemoryCounterStore({}, { clock });
    const add: MemoryCounterStore['add'] = (...given) => {
      if (isAway) throw new Error('away');
      return store.add(...given);
    };
    const counterStore = { add, get: store.get.bind(store), reset: store.reset.bind(store) };
    const limit = rateLimit(MINUTE, { clock, counterStore });
    for (const plan of ['large', 'small', undefined]) await limit.check(of('alice', plan), buildRequest('/'));
    isAway = false;
    clock.pass(2);
    for (const plan of ['large', undefined]) await limit.check(of('bob', plan), buildRequest('/'));
    stop();
    expect(told).toEqual(['limit_store_unavailable', 'limit_store_recovered']);
  });

  test('stands behind authentication', () => {
    const limits = [rateLimit({ ...MINUTE, by: 'network' })];
    expect(
      () => new SecurityChain({ requirement: headerHandler({ name: 'k', header: 'k', verify: of }), limits }),
    ).toThrow('SecurityChainOptions.limits[0] counts by who calls, which is not known yet; put it among the guards');
  });

  test.each<[unknown, string]>([
    [{ claim: 'plan', values: { large: 3 } }, 'RateLimitOptions.limit.otherwise'],
    [{ claim: 'plan', values: { large: 0 }, otherwise: 1 }, 'RateLimitOptions.limit.values.large'],
    [{ claim: '', values: {}, otherwise: 1 }, 'RateLimitOptions.limit.claim'],
    [{ claim: 'plan', values: [], otherwise: 1 }, 'RateLimitOptions.limit.values must be an object'],
    [{ claim: 'plan', values: {}, otherwise: 1, of: 2 }, 'RateLimitOptions.limit has no option "of"'],
    [null, 'RateLimitOptions.limit'],
    ['3', 'RateLimitOptions.limit'],
  ])('refuses %j by name', (limit, message) => {
    expect(() => rateLimit({ ...MINUTE, limit: limit as number })).toThrow(message);
  });
});
