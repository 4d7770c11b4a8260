import { describe, expect, test } from '@jest/globals';
import type { CacheStore } from '@sallyport/core/extend';
import { assertRules, cacheStoreRules } from '@sallyport/core/testing';
import { breach, brokenRules } from './broken-rules.js';

/** Keeps every rule; the others each break one. */
class GoodStore implements CacheStore {
  protected nowMs = 0;
  protected readonly kept = new Map<string, { value: string; endsAtMs: number }>();

  pass(milliseconds: number): void {
    this.nowMs += milliseconds;
  }

  get(key: string): string | undefined {
    const found = this.kept.get(key);
    return found !== undefined && found.endsAtMs > this.nowMs ? found.value : undefined;
  }

  set(key: string, value: string, ttlMs: number): void | Promise<void> {
    this.kept.set(key, { value, endsAtMs: this.nowMs + ttlMs });
  }

  delete(key: string): void {
    this.kept.delete(key);
  }
}

class ReadOnce extends GoodStore {
  override get(key: string): string | undefined {
    const found = super.get(key);
    this.kept.delete(key);
    return found;
  }
}

class Trimming extends GoodStore {
  override set(key: string, value: string, ttlMs: number): void {
    super.set(key, value.trim(), ttlMs);
  }
}

class FirstWins extends GoodStore {
  override set(key: string, value: string, ttlMs: number): void {
    super.set(key, super.get(key) ?? value, ttlMs);
  }
}

class CaseBlind extends GoodStore {
  override get(key: string): string | undefined {
    return super.get(key.toLowerCase());
  }

  override set(key: string, value: string, ttlMs: number): void {
    super.set(key.toLowerCase(), value, ttlMs);
  }
}

/** A lifetime that was set once is never shortened, and one that was set alone never ends. */
class Endless extends GoodStore {
  override set(key: string, value: string, ttlMs: number): void {
    super.set(key, value, this.kept.has(key) ? ttlMs : 60_000);
  }
}

class FirstLifetime extends GoodStore {
  override set(key: string, value: string, ttlMs: number): void {
    const endsAtMs = this.kept.get(key)?.endsAtMs ?? this.nowMs + ttlMs;
    this.kept.set(key, { value, endsAtMs });
  }
}

class Undeleting extends GoodStore {
  override delete(): void {}
}

/** Has one place for the key that is being written. */
class Mixing extends GoodStore {
  #key = '';

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.#key = key;
    await null;
    super.set(this.#key, value, ttlMs);
  }
}

class NullForNothing extends GoodStore {
  override get(key: string): string | undefined {
    return this.kept.has(key) ? super.get(key) : (null as unknown as undefined);
  }

  override delete(key: string): void {
    const found = this.kept.get(key);
    if (found !== undefined) this.kept.set(key, { ...found, endsAtMs: 0 });
  }
}

const BAD_STORES: readonly (readonly [rule: string, what: string, make: () => GoodStore, told: string])[] = [
  [
    'unknown-is-undefined',
    'says null',
    () => new NullForNothing(),
    'get("unknown") returned null, not undefined; "nothing" is undefined',
  ],
  [
    'keeps-values',
    'gives a value away once',
    () => new ReadOnce(),
    'the second get(): get("key") returned undefined, not "value"',
  ],
  ['keeps-any-text', 'trims what it keeps', () => new Trimming(), 'get("a space") returned "", not " "'],
  ['last-value-counts', 'keeps the first value', () => new FirstWins(), 'get("key") returned "first", not "second"'],
  ['keys-apart', 'ignores case', () => new CaseBlind(), 'get("key") returned "value 2", not "value 0"'],
  [
    'lifetime-ends',
    'forgets lifetimes',
    () => new Endless(),
    '200 ms after set() with 150 ms: get("short") returned "value", not undefined',
  ],
  [
    'lifetime-anew',
    'keeps the first lifetime',
    () => new FirstLifetime(),
    'a value that was set again for a shorter time: get("shorter") returned "value"',
  ],
  ['deletes', 'deletes nothing', () => new Undeleting(), 'a deleted key: get("key") returned "value", not undefined'],
  ['many-at-once', 'writes one at a time', () => new Mixing(), 'get("key 0") returned undefined, not "of key 0"'],
];

const rulesOf = (make: () => GoodStore) =>
  cacheStoreRules(() => {
    const store = make();
    return { store, pass: (milliseconds) => store.pass(milliseconds) };
  });

describe('the rules of cache stores', () => {
  test('find nothing in a store that keeps every rule', async () => {
    expect(await brokenRules(rulesOf(() => new GoodStore()))).toEqual([]);
  });

  test.each(BAD_STORES)('%s, and no other, catches a store that %s, and says so', async (rule, _what, make, told) => {
    expect(await brokenRules(rulesOf(make))).toEqual([breach(rule, told)]);
  });

  test('each have a store that breaks them', () => {
    const tried = BAD_STORES.map(([rule]) => rule);
    expect(rulesOf(() => new GoodStore()).map(({ id }) => id)).toEqual(tried);
  });

  test('are all named where they are not kept', async () => {
    await expect(assertRules(rulesOf(() => new Undeleting()))).rejects.toThrow(
      'deletes: a deleted key: get("key") returned "value", not undefined',
    );
  });

  test('close what was opened, also when a rule is broken', async () => {
    let open = 0;
    const rules = cacheStoreRules(async () => {
      open += 1;
      const close = async () => {
        open -= 1;
      };
      return { store: new Undeleting(), pass: () => {}, close };
    });
    await assertRules(rules).catch(() => {});
    expect(open).toBe(0);
  });
});
