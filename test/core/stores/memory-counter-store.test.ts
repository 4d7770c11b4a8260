import { describe, expect, test } from '@jest/globals';
import { MemoryCounterStore } from '@sallyport/core';
import { counterStoreRules, ManualClock } from '@sallyport/core/testing';

describe('MemoryCounterStore keeps the rules of a counter store', () => {
  const rules = counterStoreRules(() => {
    const clock = new ManualClock();
    const store = new MemoryCounterStore({}, { clock });
    return { store, pass: (milliseconds) => clock.pass(milliseconds / 1_000) };
  });
  for (const { title, check } of rules) test(title, check);
});

describe('MemoryCounterStore', () => {
  const clock = new ManualClock();

  test('ends a window to the millisecond', () => {
    const store = new MemoryCounterStore({}, { clock });
    store.add('key', 900);
    clock.pass(899.999);
    expect(store.get('key')).toEqual({ value: 1, endsInMs: 1 });
    clock.pass(0.001);
    expect(store.get('key')).toBeUndefined();
  });

  test('does not feel the clock of the machine being set', () => {
    const store = new MemoryCounterStore({}, { clock });
    store.add('key', 900);
    clock.set(3_600);
    expect(store.get('key')?.value).toBe(1);
    clock.set(-7_200);
    expect(store.get('key')).toEqual({ value: 1, endsInMs: 900_000 });
  });

  test('keeps maxEntries counters, and the oldest window goes first: names are chosen by attackers (CWE-770)', () => {
    const store = new MemoryCounterStore({ maxEntries: 100 }, { clock });
    for (let index = 0; index < 10_000; index += 1) store.add(`name ${index}`, 900);
    expect(store.size).toBe(100);
    expect(store.get('name 9900')?.value).toBe(1);
    expect(store.get('name 9899')).toBeUndefined();
  });

  test('keeps maxEntries counters, those at their limit among them (CWE-770)', () => {
    const store = new MemoryCounterStore({ maxEntries: 100 }, { clock });
    for (let index = 0; index < 40; index += 1) store.add(`spent ${index}`, 900, 1, Number.POSITIVE_INFINITY, 1);
    for (let index = 0; index < 1_000; index += 1) store.add(`name ${index}`, 900, 1, Number.POSITIVE_INFINITY, 10);
    expect(store.size).toBe(100);
  });

  test('keeps counters at their limit for longer than others: junk buys no further guesses', () => {
    const store = new MemoryCounterStore({ maxEntries: 100 }, { clock });
    for (let guess = 0; guess < 10; guess += 1) store.add('victim', 900, 1, Number.POSITIVE_INFINITY, 10);
    for (let index = 0; index < 10_000; index += 1) store.add(`name ${index}`, 900, 1, Number.POSITIVE_INFINITY, 10);
    expect(store.size).toBe(100);
    expect(store.get('victim')?.value).toBe(10);
    expect(store.add('victim', 900, 1, Number.POSITIVE_INFINITY, 10).value).toBe(11);
  });

  test('counts on when all counters are at their limit, and forgets those whose window is over first', () => {
    const store = new MemoryCounterStore({ maxEntries: 100 }, { clock });
    for (let index = 0; index < 200; index += 1) store.add(`limited ${index}`, 60, 1, Number.POSITIVE_INFINITY, 1);
    expect(store.size).toBe(100);
    expect([
      store.add('new', 900, 1, Number.POSITIVE_INFINITY, 2).value,
      store.add('new', 900, 1, Number.POSITIVE_INFINITY, 3).value,
    ]).toEqual([1, 2]);
    clock.pass(60);
    for (let index = 0; index < 200; index += 1) store.add(`later ${index}`, 900, 1, Number.POSITIVE_INFINITY, 10);
    expect(store.size).toBe(100);
    expect(store.get('later 100')?.value).toBe(1);
  });

  test('takes over what another store has counted where that is more, never less', () => {
    const store = new MemoryCounterStore({}, { clock });
    expect(store.raise('key', { value: 3, endsInMs: 10_000 })).toEqual({ value: 3, endsInMs: 10_000 });
    expect(store.raise('key', { value: 2, endsInMs: 99_000 })).toEqual({ value: 3, endsInMs: 10_000 });
    expect(store.raise('key', { value: 4, endsInMs: 5_000 })).toEqual({ value: 4, endsInMs: 5_000 });
    clock.pass(5);
    expect(store.get('key')).toBeUndefined();
  });

  test.each([[{ maxEntries: 0 }], [{ max: 1 }]])('options %j are refused', (options) => {
    expect(() => new MemoryCounterStore(options as object)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError' }),
    );
  });
});
