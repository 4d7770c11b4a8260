import { describe, expect, test } from '@jest/globals';
import { MemoryCacheStore } from '@sallyport/core';
import { cacheStoreRules, ManualClock } from '@sallyport/core/testing';

describe('MemoryCacheStore keeps the rules of a cache store', () => {
  const rules = cacheStoreRules(() => {
    const clock = new ManualClock();
    return { store: new MemoryCacheStore({}, { clock }), pass: (milliseconds) => clock.pass(milliseconds / 1_000) };
  });
  for (const { title, check } of rules) test(title, check);
});

describe('MemoryCacheStore', () => {
  test('a value ends with its lifetime, to the millisecond, however the clock is set', () => {
    const clock = new ManualClock();
    const store = new MemoryCacheStore({}, { clock });
    store.set('key', 'value', 1_000);
    clock.set(-3_600);
    clock.pass(0.999);
    expect(store.get('key')).toBe('value');
    clock.pass(0.001);
    expect(store.get('key')).toBeUndefined();
  });

  test('is limited in entries and in bytes, the least recently used goes first', () => {
    const few = new MemoryCacheStore({ maxEntries: 2 });
    for (const key of ['a', 'b', 'c']) few.set(key, key, 1_000);
    expect(['a', 'b', 'c'].map((key) => few.get(key))).toEqual([undefined, 'b', 'c']);
    const small = new MemoryCacheStore({ maxBytes: 100 });
    for (const key of ['a', 'b', 'c']) small.set(key, 'ü'.repeat(20), 1_000);
    expect(['a', 'b', 'c'].map((key) => small.get(key) !== undefined)).toEqual([false, true, true]);
  });

  test.each([{ maxEntries: 0 }, { maxBytes: 0 }, { maxEntry: 1 }])('option %p is refused', (options) => {
    expect(() => new MemoryCacheStore(options)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_(?:INVALID|UNKNOWN)$/) }),
    );
  });
});
