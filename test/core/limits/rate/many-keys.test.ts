import { describe, expect, test } from '@jest/globals';
import { MemoryCounterStore, rateLimit } from '@sallyport/core';
import { ANONYMOUS, type CounterStore } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';

const ATTACKERS = '203.0.113.1';

function opened(maxEntries: number, storeIn: (clock: ManualClock) => CounterStore | undefined = () => undefined) {
  const clock = new ManualClock();
  const limit = rateLimit(
    { name: 'l', limit: 5, windowSeconds: 60, by: (_principal, request) => request.query, maxEntries },
    { clock, counterStore: storeIn(clock) },
  );
  const ask = (key: string, remoteAddress: string) =>
    (limit.check(ANONYMOUS, buildRequest(`/?${key}`, { remoteAddress })) as { kind: string }).kind === 'permitted';
  const granted = (key: string, remoteAddress: string, requests = 20) =>
    Array.from({ length: requests }, () => ask(key, remoteAddress)).filter(Boolean).length;
  return { clock, ask, granted };
}

describe('a caller that invents keys', () => {
  test('pushes out the counts of nobody else (CWE-770)', () => {
    const { ask, granted } = opened(100);
    for (let caller = 0; caller < 40; caller += 1) expect(granted(`k${caller}`, `198.51.${caller}.1`)).toBe(5);
    for (let key = 0; key < 1_000; key += 1) ask(`junk-${key}`, ATTACKERS);
    for (let caller = 0; caller < 40; caller += 1) expect(granted(`k${caller}`, `198.51.${caller}.1`)).toBe(0);
  });

  test('takes no place from those who come later', () => {
    const { ask, granted } = opened(100);
    for (let key = 0; key < 1_000; key += 1) ask(`junk-${key}`, ATTACKERS);
    for (let caller = 0; caller < 40; caller += 1) expect(granted(`k${caller}`, `198.51.${caller}.1`)).toBe(5);
    for (let caller = 0; caller < 40; caller += 1) expect(granted(`k${caller}`, `198.51.${caller}.1`)).toBe(0);
  });

  test('is granted no more by keys that have no place: they count together', () => {
    const { granted, ask } = opened(10);
    const first = Array.from({ length: 10 }, (_, key) => granted(`k${key}`, ATTACKERS));
    expect(first).toEqual(new Array(10).fill(5));
    const further = Array.from({ length: 1_000 }, (_, key) => ask(`new-${key}`, ATTACKERS)).filter(Boolean);
    expect(further).toHaveLength(5);
  });

  test('a key that lost its place does not begin anew', () => {
    const { granted, ask } = opened(10);
    for (let key = 0; key < 10; key += 1) granted(`k${key}`, ATTACKERS, 3);
    // Each newcomer takes the place of the newest of them.
    for (let caller = 0; caller < 4; caller += 1) ask(`own-${caller}`, `198.51.${caller}.1`);
    expect(granted('k9', ATTACKERS)).toBe(2);
  });

  test('is let in again in the next window, and old keys make room', () => {
    const { clock, granted, ask } = opened(10);
    for (let key = 0; key < 1_000; key += 1) ask(`old-${key}`, ATTACKERS);
    clock.pass(60);
    for (let key = 0; key < 10; key += 1) expect(granted(`new-${key}`, ATTACKERS)).toBe(5);
  });

  test('in many networks shares what is left with other new networks', () => {
    const { ask } = opened(50);
    for (let network = 0; network < 50; network += 1) ask(`k${network}`, `198.51.${network}.1`);
    const others = Array.from({ length: 100 }, (_, network) => ask(`other-${network}`, `203.0.${network}.1`));
    expect(others.filter(Boolean)).toHaveLength(5);
  });

  test('makes nobody share a count that a store keeps apart', () => {
    const { granted, ask } = opened(10, (clock) => new MemoryCounterStore({}, { clock }));
    for (let key = 0; key < 500; key += 1) ask(`junk-${key}`, ATTACKERS);
    for (let key = 0; key < 20; key += 1) expect(granted(`own-${key}`, ATTACKERS)).toBe(5);
  });
});
