import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { denied, MemoryCacheStore, Revocations, unavailable, type Verdict } from '@sallyport/core';
import type { VerdictCacheOptions } from '@sallyport/core/extend';
import { type CacheStore, VerdictCache } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';
import { Lookup, NOON, principalIn, principalOf } from './cache-fixture.js';

/** Some caches here bridge outages, which warns. */
beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
});

const SECRET = 'a secret that all instances share, 1';
const OUTAGE = unavailable('timeout');
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A request of an operation that takes no verdict of this age. */
function wanting(maxVerdictAgeSeconds?: number) {
  return buildRequest('/', { maxVerdictAgeSeconds });
}

/** A cache, and how often its handler was asked. */
class Asked {
  readonly clock: ManualClock;
  readonly cache: VerdictCache;
  loads = 0;

  constructor(options: Partial<VerdictCacheOptions> = {}, services: { clock?: ManualClock; store?: CacheStore } = {}) {
    this.clock = services.clock ?? new ManualClock();
    this.cache = new VerdictCache({ namespace: 'test', ...options }, { ...services, clock: this.clock });
  }

  ask(age?: number, verdict: Verdict = principalOf()) {
    return this.cache.resolve('t', wanting(age), async () => {
      this.loads += 1;
      return verdict;
    });
  }
}

describe('a remembered verdict that is too old for an operation', () => {
  test.each([
    ['0: never taken, not even in the same moment', 0, 0, 2],
    ['0: nor later', 0, 1, 2],
    ['30 seconds: taken a moment before', 30, 29.999, 1],
    ['30 seconds: looked up anew when it is as old', 30, 30, 2],
    ['a part of a second counts', 0.5, 0.5, 2],
    ['no demand: the lifetime counts', undefined, 59, 1],
    ['a demand beyond the lifetime adds nothing to it', 86_400, 60, 2],
  ])('%s', async (_rule, age, seconds, loads) => {
    const asked = new Asked({ ttlSeconds: 60 });
    await asked.ask();
    asked.clock.pass(seconds);
    await asked.ask(age);
    expect(asked.loads).toBe(loads);
  });

  test('is no hit of find() either', async () => {
    const asked = new Asked();
    const good = await asked.ask();
    expect(principalIn(asked.cache.find('t', wanting()))).toBe(principalIn(good));
    expect(principalIn(asked.cache.find('t', wanting(30)))).toBe(principalIn(good));
    expect(asked.cache.find('t', wanting(0))).toBeUndefined();
  });

  test('one that is new enough is answered without a promise, and counts as a hit', async () => {
    const asked = new Asked();
    const good = await asked.ask();
    expect(principalIn(asked.ask(10))).toBe(principalIn(good));
    expect(asked.cache.statistics).toMatchObject({ hits: 1, misses: 1 });
  });

  test('is replaced by the new one, for everybody', async () => {
    const asked = new Asked({ ttlSeconds: 60 });
    await asked.ask();
    asked.clock.pass(50);
    const renewed = principalOf({ subject: 'alice anew' });
    expect(await asked.ask(0, renewed)).toBe(renewed);
    asked.clock.pass(50);
    expect(principalIn(asked.ask(undefined))).toBe(principalIn(renewed));
  });

  test('is refused for everybody if it is bad by now', async () => {
    const asked = new Asked();
    await asked.ask();
    const revoked = denied('token_inactive');
    expect(await asked.ask(0, revoked)).toBe(revoked);
    expect(asked.ask()).toBe(revoked);
  });

  test('stays for the others if nobody can tell', async () => {
    const asked = new Asked();
    const good = await asked.ask();
    expect(await asked.ask(0, OUTAGE)).toBe(OUTAGE);
    expect(principalIn(asked.ask())).toBe(principalIn(good));
  });

  test('is as old as its question, not as its answer', async () => {
    const asked = new Asked();
    const lookup = new Lookup();
    const first = asked.cache.resolve('t', wanting(), lookup.load);
    asked.clock.pass(8);
    lookup.answer(principalOf());
    await first;
    asked.clock.pass(2);
    await asked.ask(10);
    expect(asked.loads).toBe(1);
  });

  test('a remembered refusal is taken all the same: it lets nobody pass, and spares the server', async () => {
    const asked = new Asked();
    const refusal = denied('token_inactive');
    await asked.ask(0, refusal);
    expect(asked.ask(0)).toBe(refusal);
    expect(asked.loads).toBe(1);
  });

  test('a revocation is told at once, whatever the demand', async () => {
    const revocations = new Revocations();
    const cache = new VerdictCache({ namespace: 'test' }, { revocations });
    await cache.resolve('t', wanting(), async () => principalOf());
    await revocations.revokeToken('t');
    for (const age of [undefined, 60, 0]) {
      const verdict = await cache.resolve('t', wanting(age), async () => principalOf());
      expect(verdict).toMatchObject({ kind: 'denied', reason: 'token_revoked' });
    }
  });
});

describe('lookups under way', () => {
  test('are not joined by whom they are too old for', async () => {
    const { cache, clock } = new Asked();
    const lookup = new Lookup();
    const waiting = [cache.resolve('t', wanting(), lookup.load)];
    clock.pass(5);
    waiting.push(cache.resolve('t', wanting(6), lookup.load));
    expect(lookup.calls).toBe(1);
    waiting.push(cache.resolve('t', wanting(5), lookup.load));
    expect(lookup.calls).toBe(2);
    waiting.push(cache.resolve('t', wanting(), lookup.load));
    expect(lookup.calls).toBe(2);
    const [old, fresh] = [principalOf(), principalOf()];
    lookup.answer(old, 0);
    lookup.answer(fresh, 1);
    expect(await Promise.all(waiting)).toEqual([old, old, fresh, fresh]);
    expect(principalIn(cache.find('t', wanting()))).toBe(principalIn(fresh));
  });

  test('the answer of an older one does not take the place of a newer one', async () => {
    const { cache } = new Asked();
    const lookup = new Lookup();
    const waiting = [0, 1].map(() => cache.resolve('t', wanting(0), lookup.load));
    expect(lookup.calls).toBe(2);
    const [old, fresh] = [principalOf(), principalOf()];
    lookup.answer(fresh, 1);
    await settle();
    lookup.answer(old, 0);
    await Promise.all(waiting);
    expect(principalIn(cache.find('t', wanting()))).toBe(principalIn(fresh));
  });

  test('a refusal by an older one does not undo a newer one either', async () => {
    const { cache } = new Asked();
    const lookup = new Lookup();
    const waiting = [0, 1].map(() => cache.resolve('t', wanting(0), lookup.load));
    const fresh = principalOf();
    lookup.answer(fresh, 1);
    await settle();
    lookup.answer(denied('token_inactive'), 0);
    await Promise.all(waiting);
    expect(principalIn(cache.find('t', wanting()))).toBe(principalIn(fresh));
  });

  test('are all counted, also those that nobody joins', async () => {
    const { cache } = new Asked({ maxFlights: 4 });
    const lookup = new Lookup();
    const waiting = [1, 2, 3, 4, 5].map(() => cache.resolve('t', wanting(0), lookup.load));
    expect(lookup.calls).toBe(4);
    expect(cache.statistics.flights).toBe(4);
    expect(await waiting[4]).toMatchObject({ kind: 'unavailable', reason: 'too_many_lookups' });
    for (const call of [0, 1, 2, 3]) lookup.answer(principalOf(), call);
    await Promise.all(waiting);
    expect(cache.statistics.flights).toBe(0);
  });
});

describe('an outage', () => {
  test('is not bridged by a verdict that is too old for the operation', async () => {
    const asked = new Asked({ ttlSeconds: 10, staleIfUnavailableSeconds: 30 });
    const good = await asked.ask();
    asked.clock.pass(15);
    expect(principalIn(await asked.ask(undefined, OUTAGE))).toBe(principalIn(good));
    expect(principalIn(await asked.ask(16, OUTAGE))).toBe(principalIn(good));
    expect(await asked.ask(15, OUTAGE)).toBe(OUTAGE);
  });

  test('is told to those who joined a lookup that is bridged for others', async () => {
    const asked = new Asked({ ttlSeconds: 10, staleIfUnavailableSeconds: 30 });
    const good = await asked.ask();
    asked.clock.pass(15);
    const lookup = new Lookup();
    const waiting = [undefined, 12].map((age) => asked.cache.resolve('t', wanting(age), lookup.load));
    expect(lookup.calls).toBe(1);
    lookup.answer(OUTAGE);
    expect(await Promise.all(waiting)).toEqual([good, OUTAGE]);
  });

  test('a credential that is suspended is not bridged either', async () => {
    const asked = new Asked({ ttlSeconds: 10, staleIfUnavailableSeconds: 30 });
    const good = await asked.ask();
    asked.clock.pass(15);
    asked.cache.suspend('t', OUTAGE);
    expect(principalIn(asked.ask())).toBe(principalIn(good));
    expect(asked.ask(5)).toBe(OUTAGE);
    expect(asked.loads).toBe(1);
  });
});

describe('the shared store', () => {
  function instances(options: Partial<VerdictCacheOptions> = {}) {
    const clock = new ManualClock();
    const store = new MemoryCacheStore({}, { clock });
    const open = () => new Asked({ secret: SECRET, ttlSeconds: 60, ...options }, { clock, store });
    return { clock, writer: open(), reader: open() };
  }

  test.each([
    ['none is taken', 0, 0, 1],
    ['one that is new enough is taken', 20, 19, 0],
    ['one that is as old is not', 20, 20, 1],
  ])('%s', async (_rule, age, seconds, loads) => {
    const { clock, writer, reader } = instances();
    await writer.ask();
    clock.pass(seconds);
    await reader.ask(age);
    expect(reader.loads).toBe(loads);
  });

  test('a copy in memory is as old as the verdict', async () => {
    const { clock, writer, reader } = instances();
    await writer.ask();
    clock.pass(10);
    await reader.ask();
    expect(reader.loads).toBe(0);
    clock.pass(5);
    await reader.ask(16);
    expect(reader.loads).toBe(0);
    await reader.ask(15);
    expect(reader.loads).toBe(1);
  });

  test('one that took long to come is as old as its question', async () => {
    const { clock, writer, reader } = instances();
    const lookup = new Lookup();
    const first = writer.cache.resolve('t', wanting(), lookup.load);
    await settle();
    clock.pass(8);
    lookup.answer(principalOf());
    await first;
    clock.pass(2);
    await reader.ask(10);
    expect(reader.loads).toBe(1);
  });

  test('one whose credential ends soon is looked up too early, never too late', async () => {
    const { clock, writer, reader } = instances();
    await writer.ask(undefined, principalOf({ expiresAt: NOON + 20 }));
    clock.pass(1);
    await reader.ask(40);
    expect(reader.loads).toBe(1);
    await reader.ask(41);
    expect(reader.loads).toBe(1);
  });

  test('who joined a lookup that the store answers with an old verdict asks anew', async () => {
    const clock = new ManualClock();
    const store = new MemoryCacheStore({}, { clock });
    let answer = () => {};
    const slow: CacheStore = {
      get: (key) => new Promise((resolve) => (answer = () => resolve(store.get(key)))),
      set: (key, value, ttlMs) => store.set(key, value, ttlMs),
      delete: (key) => store.delete(key),
    };
    const options = { secret: SECRET, ttlSeconds: 60 };
    await new Asked(options, { clock, store }).ask();
    clock.pass(30);
    const reader = new Asked(options, { clock, store: slow });
    const renewed = principalOf({ subject: 'alice anew' });
    const waiting = [undefined, 20].map((age) => reader.ask(age, renewed));
    answer();
    expect(await waiting[0]).toMatchObject({ principal: { subject: 'alice' } });
    await settle();
    answer();
    expect(await waiting[1]).toBe(renewed);
    expect(reader.loads).toBe(1);
  });
});

/** What one step of a random history does. */
type Step =
  | { readonly does: 'pass'; readonly seconds: number }
  | { readonly does: 'ask'; readonly instance: 0 | 1; readonly age: number | undefined }
  | { readonly does: 'answer'; readonly call: number; readonly with: 'good' | 'outage' };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ does: fc.constant('pass' as const), seconds: fc.integer({ min: 0, max: 12 }) }),
    fc.record({
      does: fc.constant('ask' as const),
      instance: fc.constantFrom(0 as const, 1 as const),
      age: fc.constantFrom(undefined, 0, 3, 9, 25),
    }),
    fc.record({
      does: fc.constant('answer' as const),
      call: fc.nat(6),
      with: fc.constantFrom('good' as const, 'good' as const, 'outage' as const),
    }),
  ),
  { maxLength: 40 },
);

test('in no history of two instances is a verdict given that is as old as the operation limits, or older', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const clock = new ManualClock();
      const store = new MemoryCacheStore({}, { clock });
      const options = { secret: SECRET, ttlSeconds: 20, staleIfUnavailableSeconds: 20 };
      const caches = [0, 1].map(() => new Asked(options, { clock, store }).cache) as [VerdictCache, VerdictCache];
      const open: { readonly atMs: number; settle(verdict: Verdict): void }[] = [];
      const given: Promise<void>[] = [];
      const load = () => new Promise<Verdict>((resolve) => open.push({ atMs: clock.monotonic(), settle: resolve }));
      const answer = (index: number, kind: 'good' | 'outage') => {
        const [lookup] = open.splice(index, 1);
        if (lookup === undefined) return;
        lookup.settle(kind === 'good' ? principalOf({ claims: { atMs: lookup.atMs } }) : OUTAGE);
      };
      for (const step of history) {
        if (step.does === 'pass') clock.pass(step.seconds);
        if (step.does === 'answer') answer(step.call % Math.max(1, open.length), step.with);
        if (step.does === 'ask') {
          const { age = Number.POSITIVE_INFINITY } = step;
          const nowMs = clock.monotonic();
          const asking = Promise.resolve(caches[step.instance].resolve('t', wanting(step.age), load));
          given.push(
            asking.then((verdict) => {
              if (verdict.kind !== 'authenticated') return;
              const ageMs = nowMs - (verdict.principal.claims['atMs'] as number);
              // A lookup that begins with the question or later is new: its age is not above 0.
              if (ageMs > 0) expect(ageMs).toBeLessThan(age * 1_000);
              else expect(ageMs).toBeLessThanOrEqual(0);
            }),
          );
        }
        await settle();
      }
      while (open.length > 0) {
        answer(0, 'good');
        await settle();
      }
      await Promise.all(given);
    }),
    cases(60),
  );
});
