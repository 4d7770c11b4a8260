import { describe, expect, test } from '@jest/globals';
import {
  anonymous,
  concurrencyLimit,
  every,
  type GuardLike,
  guard,
  type Limit,
  rateLimit,
  route,
  routes,
  SecurityChain,
  some,
} from '@sallyport/core';
import { ABSTAINED, asLimiting, SecurityRequest } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';

const owner = guard('owner', () => ABSTAINED);
const yes = guard('yes', () => true);
const operations = (...guards: readonly GuardLike[]) => routes([route('GET', '/', { guards })]);

const clock = new ManualClock();

const kinds: readonly (readonly [string, (limit?: number) => Limit])[] = [
  ['rateLimit', (limit = 2) => rateLimit({ name: 'bulk', limit, windowSeconds: 60, by: 'everybody' }, { clock })],
  ['concurrencyLimit', (limit = 2) => concurrencyLimit({ name: 'bulk', limit, by: 'everybody' })],
];

/** Whoever answers would call `onEnd`: here every request is under way. */
const asked = (target = '/') =>
  new SecurityRequest({ method: 'GET', target, rawHeaders: [], remoteAddress: '192.0.2.1', onEnd() {} });

async function answerOf(options: object): Promise<string> {
  const chain = new SecurityChain({ requirement: anonymous(), ...options }, { clock });
  const decision = await chain.decide(asked());
  return decision.kind === 'granted' ? 'granted' : (decision.reason ?? '');
}

describe.each(kinds)('%s', (_name, limit) => {
  const abstaining: readonly (readonly [string, (...guards: readonly GuardLike[]) => object])[] = [
    ['guards of a chain', (...guards) => ({ guards })],
    ['guards of an operation', (...guards) => ({ operations: operations(...guards) })],
    ['every', (...guards) => ({ guards: [every(...guards)] })],
    ['some', (...guards) => ({ guards: [some(...guards)] })],
  ];

  test.each(abstaining)('in %s: to be within the limit is no vote where others abstain', async (_where, listed) => {
    expect(await answerOf(listed(owner))).toBe('all_guards_abstained');
    expect(await answerOf(listed(limit(), owner))).toBe('all_guards_abstained');
    expect(await answerOf(listed(owner, limit()))).toBe('all_guards_abstained');
    expect(await answerOf(listed(limit(), limit(), owner))).toBe('all_guards_abstained');
  });

  test.each(abstaining)('in %s: limits alone let callers pass', async (_where, listed) => {
    expect(await answerOf(listed(limit()))).toBe('granted');
    expect(await answerOf(listed(limit(), limit()))).toBe('granted');
  });

  test.each(abstaining)('in %s: beside a guard that permits callers pass', async (_where, listed) => {
    expect(await answerOf(listed(limit(), yes))).toBe('granted');
    expect(await answerOf(listed(yes, limit()))).toBe('granted');
  });

  test('of the chain beside a guard of the operation is no vote either, nor the other way round', async () => {
    const own = { operations: operations(owner) };
    expect(await answerOf({ guards: [limit()], ...own })).toBe('all_guards_abstained');
    expect(await answerOf({ guards: [owner], operations: operations(limit()) })).toBe('all_guards_abstained');
  });

  test.each([
    ['every', () => every(limit(), limit())],
    ['some', () => some(limit(), limit())],
    ['both', () => every(some(limit()), limit())],
  ])('what is made of limits alone by %s has no vote beside others', async (_how, made) => {
    expect(await answerOf({ guards: [made()] })).toBe('granted');
    expect(await answerOf({ guards: [made(), owner] })).toBe('all_guards_abstained');
  });

  test('refuses beside others', async () => {
    const full = limit(1);
    const guards = [full, yes];
    expect(await answerOf({ guards })).toBe('granted');
    expect(await answerOf({ guards })).toBe('rate_limited');
  });

  test('of one of several operations that a request has to satisfy is no vote for the other', async () => {
    const both = routes([route('GET', '/b/{a}', { guards: [limit()] }), route('GET', '/{c}/d', { guards: [owner] })]);
    const chain = new SecurityChain({ requirement: anonymous(), operations: both }, { clock });
    const decision = await chain.decide(asked('/b/d'));
    expect(decision).toMatchObject({ kind: 'denied', reason: 'all_guards_abstained' });
  });
});

describe('asLimiting', () => {
  test('takes the vote of a guard, and keeps its refusals', async () => {
    const open = asLimiting(() => true);
    expect(await answerOf({ guards: [open] })).toBe('granted');
    expect(await answerOf({ guards: [open, owner] })).toBe('all_guards_abstained');
    expect(await answerOf({ guards: [asLimiting(() => false), yes] })).toBe('policy_refused');
  });

  test('leaves the guard itself its vote', async () => {
    asLimiting(yes);
    expect(await answerOf({ guards: [yes, owner] })).toBe('granted');
  });
});
