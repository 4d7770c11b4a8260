import { beforeEach, describe, expect, test } from '@jest/globals';
import type { CounterStore } from '@sallyport/core/extend';

export interface CounterStoreUnderTest {
  readonly store: CounterStore;
  /** Lets time pass for the store. */
  pass(milliseconds: number): void | Promise<void>;
}

/** What every counter store keeps to. Real stores lose a little time on the way: lifetimes may be up to 5 s short. */
export function counterStoreRules(name: string, open: () => CounterStoreUnderTest): void {
  describe(`${name} keeps the rules of a counter store`, () => {
    let subject: CounterStoreUnderTest;
    beforeEach(() => {
      subject = open();
    });

    function expectCount(count: unknown, value: number, seconds: number): void {
      expect(count).toMatchObject({ value, endsInMs: expect.any(Number) });
      const { endsInMs } = count as { endsInMs: number };
      expect(endsInMs).toBeGreaterThan((seconds - 5) * 1_000);
      expect(endsInMs).toBeLessThanOrEqual(seconds * 1_000);
    }

    test('an unknown key has no count', async () => {
      expect(await subject.store.get('unknown')).toBeUndefined();
    });

    test('counts add up, and what add returns is what get returns', async () => {
      for (let value = 1; value <= 5; value += 1) {
        expectCount(await subject.store.add('key', 900), value, 900);
        expectCount(await subject.store.get('key'), value, 900);
      }
    });

    test('keys are counted apart', async () => {
      await subject.store.add('key', 900);
      await subject.store.add('key2', 900);
      expectCount(await subject.store.add('key', 900), 2, 900);
      expectCount(await subject.store.get('key2'), 1, 900);
    });

    test('the first one opens the window, later ones do not prolong it', async () => {
      await subject.store.add('key', 900);
      await subject.pass(600_000);
      expectCount(await subject.store.add('key', 900), 2, 300);
      await subject.pass(300_000);
      expect(await subject.store.get('key')).toBeUndefined();
      expectCount(await subject.store.add('key', 900), 1, 900);
    });

    test('each count may have a window of its own', async () => {
      expectCount(await subject.store.add('short', 60), 1, 60);
      expectCount(await subject.store.add('long', 86_400), 1, 86_400);
    });

    test('a reset forgets the count of one key', async () => {
      await subject.store.add('key', 900);
      await subject.store.add('other', 900);
      await subject.store.reset('key');
      expect(await subject.store.get('key')).toBeUndefined();
      expectCount(await subject.store.get('other'), 1, 900);
      expectCount(await subject.store.add('key', 900), 1, 900);
    });

    test('a reset of an unknown key is no error', async () => {
      await subject.store.reset('unknown');
      expect(await subject.store.get('unknown')).toBeUndefined();
    });

    test('no count is lost among many at once', async () => {
      await Promise.all(Array.from({ length: 200 }, () => subject.store.add('key', 900)));
      expectCount(await subject.store.get('key'), 200, 900);
    });
  });
}
