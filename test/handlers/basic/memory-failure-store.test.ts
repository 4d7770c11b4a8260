import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '@sallyport/core/testing';
import { MemoryFailureStore } from '@sallyport/handlers/basic';
import { failureStoreContract } from '../../contracts/failure-store-contract.js';

failureStoreContract('MemoryFailureStore', () => {
  const clock = new ManualClock();
  const store = new MemoryFailureStore({}, { clock });
  return { store, pass: (milliseconds) => clock.pass(milliseconds / 1_000) };
});

describe('MemoryFailureStore', () => {
  const clock = new ManualClock();

  test('ends a window to the millisecond', () => {
    const store = new MemoryFailureStore({}, { clock });
    store.add('key', 900);
    clock.pass(899.999);
    expect(store.get('key')).toEqual({ failures: 1, endsInMs: 1 });
    clock.pass(0.001);
    expect(store.get('key')).toBeUndefined();
  });

  test('does not feel the clock of the machine being set', () => {
    const store = new MemoryFailureStore({}, { clock });
    store.add('key', 900);
    clock.set(3_600);
    expect(store.get('key')?.failures).toBe(1);
    clock.set(-7_200);
    expect(store.get('key')).toEqual({ failures: 1, endsInMs: 900_000 });
  });

  test('keeps maxEntries counters, the ones used last: names are chosen by attackers (CWE-770)', () => {
    const store = new MemoryFailureStore({ maxEntries: 100 }, { clock });
    store.add('victim', 900);
    for (let index = 0; index < 10_000; index += 1) {
      store.add(`name ${index}`, 900);
      if (index % 50 === 0) store.add('victim', 900);
    }
    expect(store.size).toBe(100);
    expect(store.get('victim')?.failures).toBe(201);
    expect(store.get('name 0')).toBeUndefined();
  });

  test('takes over what another store has counted where that is more, never less', () => {
    const store = new MemoryFailureStore({}, { clock });
    expect(store.raise('key', { failures: 3, endsInMs: 10_000 })).toEqual({ failures: 3, endsInMs: 10_000 });
    expect(store.raise('key', { failures: 2, endsInMs: 99_000 })).toEqual({ failures: 3, endsInMs: 10_000 });
    expect(store.raise('key', { failures: 4, endsInMs: 5_000 })).toEqual({ failures: 4, endsInMs: 5_000 });
    clock.pass(5);
    expect(store.get('key')).toBeUndefined();
  });

  test.each([[{ maxEntries: 0 }], [{ max: 1 }]])('options %j are refused', (options) => {
    expect(() => new MemoryFailureStore(options as object)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError' }),
    );
  });
});
