import { describe, expect, test } from '@jest/globals';
import { Expiring } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';

describe('Expiring', () => {
  test('a value ends with its lifetime, to the millisecond, however the wall clock is set', () => {
    const clock = new ManualClock();
    const values = new Expiring<string>({ maxEntries: 10 }, clock);
    values.set('a', 'value', 1_000);
    clock.set(-3_600);
    clock.pass(0.999);
    expect([values.get('a'), values.has('a'), values.size]).toEqual(['value', true, 1]);
    clock.pass(0.001);
    expect([values.get('a'), values.has('a'), values.size]).toEqual([undefined, false, 0]);
  });

  test('a value that is set again lives anew', () => {
    const clock = new ManualClock();
    const values = new Expiring<number>({ maxEntries: 10 }, clock);
    values.set('a', 1, 1_000);
    clock.pass(0.5);
    values.set('a', 2, 1_000);
    clock.pass(0.999);
    expect(values.get('a')).toBe(2);
  });

  test('the least recently used goes first, and is counted', () => {
    const values = new Expiring<true>({ maxEntries: 2 }, new ManualClock());
    for (const key of ['a', 'b']) values.set(key, true, 1_000);
    values.get('a');
    values.set('c', true, 1_000);
    values.delete('c');
    expect(['a', 'b', 'c'].map((key) => values.has(key))).toEqual([true, false, false]);
    expect(values.evictions).toBe(1);
  });

  test('bytes are a limit of their own; what is too large alone is not kept', () => {
    const bytes = { most: 10, of: (value: string, key: string) => key.length + value.length };
    const values = new Expiring<string>({ maxEntries: 100, bytes }, new ManualClock());
    for (const key of ['a', 'b', 'c']) values.set(key, 'xxx', 1_000);
    values.set('d', 'x'.repeat(10), 1_000);
    expect(['a', 'b', 'c', 'd'].map((key) => values.has(key))).toEqual([false, true, true, false]);
  });

  test('values go by what they are, and all at once', () => {
    const values = new Expiring<number>({ maxEntries: 10 }, new ManualClock());
    for (const number of [1, 2, 3]) values.set(`${number}`, number, 1_000);
    values.deleteWhere((value) => value > 1);
    expect(['1', '2', '3'].map((key) => values.has(key))).toEqual([true, false, false]);
    values.clear();
    expect(values.size).toBe(0);
  });
});
