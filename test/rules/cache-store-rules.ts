import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CacheStore } from '@sallyport/core/extend';

/** What the rules need of an implementation. */
export interface CacheStoreSubject {
  readonly store: CacheStore;
  /** Lets this much time pass on the store's clock; a real store may really wait. */
  pass(milliseconds: number): void | Promise<void>;
  close?(): Promise<void>;
}

const AWKWARD = [
  ['a space', ' '],
  ['NUL', '\u0000'],
  ['text beyond ASCII', 'ünï©ödé 🔐'],
  ['JSON', '{"a":"\\n"}'],
  ['a Redis reply', '\r\n$5\r\nhello\r\n'],
  ['20 000 characters', 'x'.repeat(20_000)],
] as const;

/** What every cache store must do, whoever wrote it. */
export function cacheStoreRules(name: string, open: () => CacheStoreSubject | Promise<CacheStoreSubject>): void {
  describe(`${name} keeps the rules of a cache store`, () => {
    let subject: CacheStoreSubject;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.close?.());

    test('an unknown key has no value', async () => {
      expect(await subject.store.get('unknown')).toBeUndefined();
    });

    test('a value comes back as it was set, and from then on', async () => {
      await subject.store.set('key', 'value', 60_000);
      expect(await subject.store.get('key')).toBe('value');
      expect(await subject.store.get('key')).toBe('value');
    });

    test.each(AWKWARD)('%s comes back unchanged', async (_name, value) => {
      await subject.store.set('key', value, 60_000);
      expect(await subject.store.get('key')).toBe(value);
    });

    test('a later value replaces an earlier one', async () => {
      await subject.store.set('key', 'first', 60_000);
      await subject.store.set('key', 'second', 60_000);
      expect(await subject.store.get('key')).toBe('second');
    });

    test('keys are apart, also when one begins like another or differs in case', async () => {
      const keys = ['key', 'key ', 'KEY', 'keykey', 'k'];
      for (const key of keys) await subject.store.set(key, `of ${key}`, 60_000);
      for (const key of keys) expect(await subject.store.get(key)).toBe(`of ${key}`);
    });

    test('a value is gone when its lifetime is over', async () => {
      await subject.store.set('short', 'value', 150);
      await subject.store.set('long', 'value', 60_000);
      await subject.pass(200);
      expect(await subject.store.get('short')).toBeUndefined();
      expect(await subject.store.get('long')).toBe('value');
    });

    test('setting a value again sets its lifetime anew', async () => {
      await subject.store.set('key', 'value', 60_000);
      await subject.store.set('key', 'value', 150);
      await subject.pass(200);
      expect(await subject.store.get('key')).toBeUndefined();
    });

    test('a deleted value is gone, and deleting an unknown one is no error', async () => {
      await subject.store.set('key', 'value', 60_000);
      await subject.store.delete('key');
      await subject.store.delete('unknown');
      expect(await subject.store.get('key')).toBeUndefined();
    });

    test('many at once do not get mixed up', async () => {
      const keys = Array.from({ length: 500 }, (_, index) => `key ${index}`);
      await Promise.all(keys.map((key) => subject.store.set(key, `of ${key}`, 60_000)));
      expect(await Promise.all(keys.map((key) => subject.store.get(key)))).toEqual(keys.map((key) => `of ${key}`));
    });
  });
}
