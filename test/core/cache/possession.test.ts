import { describe, expect, test } from '@jest/globals';
import { type Authenticated, denied, unavailable, type Verdict } from '@sallyport/core';
import type { Eventually, ProofOfPossession, SecurityRequest, Waiters } from '@sallyport/core/extend';
import { aRequest, CacheUnderTest, Lookup, principalOf } from './cache-fixture.js';

type Load = (waiters: Waiters) => Eventually<Verdict>;

const UNPROVED = denied('confirmation_unproved');

/** Lets a request pass once it was told to, and counts how often it was asked. */
class Possession implements ProofOfPossession {
  readonly asked: SecurityRequest[] = [];
  #proved = new Set<SecurityRequest>();

  prove(request: SecurityRequest): SecurityRequest {
    this.#proved.add(request);
    return request;
  }

  proved(verdict: Authenticated, credential: string, request: SecurityRequest): Verdict {
    expect([verdict.kind, credential]).toEqual(['authenticated', 't']);
    this.asked.push(request);
    return this.#proved.has(request) ? verdict : UNPROVED;
  }
}

/** Where a good verdict may come from: each returns the answer to its last request. */
const SOURCES: readonly [string, (cache: CacheUnderTest, ask: (load: Load) => unknown) => unknown][] = [
  ['a lookup that needs no time', (_cache, ask) => ask(() => principalOf())],
  ['a lookup that takes time', (_cache, ask) => ask(async () => principalOf())],
  [
    'the lookup of another request',
    async ({ cache }, ask) => {
      const lookup = new Lookup();
      const first = cache.resolve('t', aRequest(), lookup.load);
      const joined = ask(lookup.load);
      lookup.answer(principalOf());
      expect(await first).toMatchObject({ kind: 'authenticated' });
      expect(lookup.calls).toBe(1);
      return joined;
    },
  ],
  [
    'memory',
    async (under, ask) => {
      await under.ask('t');
      return ask(async () => UNPROVED);
    },
  ],
  [
    'memory, past its lifetime during an outage',
    async (under, ask) => {
      await under.ask('t');
      under.clock.pass(15);
      return ask(async () => unavailable('timeout'));
    },
  ],
  [
    'memory, past its lifetime during an outage that is remembered',
    async (under, ask) => {
      await under.ask('t');
      under.clock.pass(15);
      under.cache.suspend('t', unavailable('timeout'));
      return ask(async () => UNPROVED);
    },
  ],
];

describe.each(SOURCES)(
  'a proof of possession, where the verdict comes from %s (RFC 7800 3, RFC 8705 3, RFC 9449 7)',
  (...[, from]) => {
    const under = () => new CacheUnderTest({ ttlSeconds: 10, staleIfUnavailableSeconds: 30 });

    test('is asked for, once for each request', async () => {
      const [cache, possession, request] = [under(), new Possession(), aRequest()];
      const answer = await from(cache, (load) => cache.cache.resolve('t', request, load, possession));
      expect(answer).toBe(UNPROVED);
      expect(possession.asked).toEqual([request]);
    });

    test('lets the request pass that brings it, and is not remembered for the next one', async () => {
      const [cache, possession] = [under(), new Possession()];
      const request = possession.prove(aRequest());
      const answer = await from(cache, (load) => cache.cache.resolve('t', request, load, possession));
      expect(answer).toMatchObject({ kind: 'authenticated' });
      expect(await cache.cache.resolve('t', aRequest(), async () => principalOf(), possession)).toBe(UNPROVED);
    });

    test('that fails is not remembered either', async () => {
      const [cache, possession] = [under(), new Possession()];
      await from(cache, (load) => cache.cache.resolve('t', aRequest(), load, possession));
      const next = possession.prove(aRequest());
      expect(await cache.cache.resolve('t', next, async () => principalOf(), possession)).toMatchObject({
        kind: 'authenticated',
      });
    });
  },
);

test.each([
  ['refuses', denied('token_inactive')],
  ['finds an outage', unavailable('timeout')],
  ['returns nothing', undefined as never],
  ['returns what only looks like a verdict', { kind: 'authenticated', principal: {} } as never],
])('no proof is asked for where a lookup %s: that is the answer', async (_what, found) => {
  const [{ cache }, possession] = [new CacheUnderTest(), new Possession()];
  expect(await cache.resolve('t', aRequest(), () => found, possession)).toBe(found);
  expect(await cache.resolve('u', aRequest(), async () => found, possession)).toBe(found);
  expect(possession.asked).toEqual([]);
});
