import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { concurrencyLimit, every, type GuardLike, rateLimit, some } from '@sallyport/core';
import type { IncomingRequest } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import { LeaseSetting, requestOf } from './lease-fixture.js';

let setting: LeaseSetting | undefined;
afterEach(() => setting?.close());

/** A request that is under way until the test is over. */
const underWay = (): IncomingRequest => ({ ...requestOf('alice'), identity: {}, onEnd: () => {} });

const combined: readonly (readonly [string, (limit: GuardLike) => GuardLike])[] = [
  ['alone', (limit) => limit],
  ['in every()', (limit) => every(() => true, limit)],
  ['in some()', (limit) => some(limit)],
  ['in some() of every(), behind a slow guard', (limit) => some(every(async () => true, limit))],
];

describe.each(combined)('a limit among the guards of a lease, %s', (_where, within) => {
  test('of requests at once, lets the lease go on, and counts it as the request that it was', async () => {
    const atOnce = concurrencyLimit({ name: 'at-once', limit: 1 });
    setting = new LeaseSetting({ guards: [within(atOnce)] });
    const lease = await setting.lease('alice', { request: underWay(), recheckSeconds: 10 });
    for (let turn = 0; turn < 5; turn += 1) {
      setting.clock.pass(11);
      await nextTurn();
    }
    expect([lease.ended, setting.events]).toEqual([undefined, []]);
    const { decision } = await setting.chain.explain(underWay());
    expect(decision.kind).toBe('denied');
  });

  test('of a rate, charges nothing when the lease is asked about again', async () => {
    const clock = new ManualClock();
    const perHour = rateLimit({ name: 'hour', limit: 3, windowSeconds: 3_600 }, { clock });
    setting = new LeaseSetting({ guards: [within(perHour)] }, clock);
    const lease = await setting.lease('alice', { request: underWay(), recheckSeconds: 10 });
    for (let turn = 0; turn < 5; turn += 1) {
      clock.pass(11);
      await nextTurn();
    }
    expect(lease.ended).toBeUndefined();
    const kinds = [];
    for (let turn = 0; turn < 3; turn += 1) kinds.push((await setting.chain.explain(underWay())).decision.kind);
    expect(kinds).toEqual(['granted', 'granted', 'denied']);
  });
});

test('a limit whose cost reads what a lease does not keep is not asked for it', async () => {
  const cost = (_principal: unknown, { query }: { query: string }) => (query === '' ? Number.NaN : 1);
  setting = new LeaseSetting({ guards: [rateLimit({ name: 'costly', limit: 3, windowSeconds: 3_600, cost })] });
  const lease = await setting.lease('alice', { request: { ...underWay(), target: '/?team=blue' }, recheckSeconds: 10 });
  setting.clock.pass(11);
  await nextTurn();
  expect(lease.ended).toBeUndefined();
});
