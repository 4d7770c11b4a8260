import { describe, expect, test } from '@jest/globals';
import type { OnceStore } from '@sallyport/core/extend';
import { onceStoreRules } from '@sallyport/core/testing';
import { breach, brokenRules } from './broken-rules.js';

/** Keeps every rule; the others each break one. */
class GoodStore implements OnceStore {
  protected nowMs = 0;
  protected readonly ends = new Map<string, number>();

  pass(milliseconds: number): void {
    this.nowMs += milliseconds;
  }

  protected isMarked(key: string): boolean {
    return this.nowMs < (this.ends.get(key) ?? 0);
  }

  mark(key: string, ttlSeconds: number): boolean | Promise<boolean> {
    if (this.isMarked(key)) return false;
    this.ends.set(key, this.nowMs + ttlSeconds * 1_000);
    return true;
  }
}

/** Answers as Redis does. */
class AnswerOfRedis extends GoodStore {
  override mark(key: string, ttlSeconds: number): boolean {
    return (super.mark(key, ttlSeconds) || null) as boolean;
  }
}

class SmallLetters extends GoodStore {
  override mark(key: string, ttlSeconds: number): boolean {
    return super.mark(key.toLowerCase(), ttlSeconds) as boolean;
  }
}

class Prolonging extends GoodStore {
  override mark(key: string, ttlSeconds: number): boolean {
    const isFirst = super.mark(key, ttlSeconds) as boolean;
    this.ends.set(key, this.nowMs + ttlSeconds * 1_000);
    return isFirst;
  }
}

class OneTime extends GoodStore {
  override mark(key: string): boolean {
    return super.mark(key, 600) as boolean;
  }
}

/** Reads and writes apart. */
class ReadsFirst extends GoodStore {
  override async mark(key: string, ttlSeconds: number): Promise<boolean> {
    if (this.isMarked(key)) return false;
    await null;
    this.ends.set(key, this.nowMs + ttlSeconds * 1_000);
    return true;
  }
}

class DropsTheOldest extends GoodStore {
  override mark(key: string, ttlSeconds: number): boolean {
    const isFirst = super.mark(key, ttlSeconds) as boolean;
    const [oldest = ''] = this.ends.keys();
    if (this.ends.size > 10) this.ends.delete(oldest);
    return isFirst;
  }
}

const BAD_STORES: readonly (readonly [rule: string, what: string, make: () => GoodStore, told: string])[] = [
  [
    'keys-apart',
    'does not tell small letters from capitals',
    () => new SmallLetters(),
    'mark("KEY", 600) returned false, not true',
  ],
  [
    'lasts-its-time',
    'prolongs its marks',
    () => new Prolonging(),
    'after its end: mark("key", 600) returned false, not true',
  ],
  [
    'times-apart',
    'has one time for all',
    () => new OneTime(),
    'before the end of a long mark: mark("long", 86400) returned true, not false',
  ],
  ['one-wins', 'reads and writes apart', () => new ReadsFirst(), 'of 50 marks at once, 50 were true'],
  [
    'none-forgotten',
    'drops the oldest when it is full',
    () => new DropsTheOldest(),
    'an old key among many: mark("key 0", 600) returned true, not false',
  ],
];

const rulesOf = (make: () => GoodStore) =>
  onceStoreRules(() => {
    const store = make();
    return { store, pass: (milliseconds) => store.pass(milliseconds) };
  });

describe('the rules of once stores', () => {
  test('find nothing in a store that keeps every rule', async () => {
    expect(await brokenRules(rulesOf(() => new GoodStore()))).toEqual([]);
  });

  test.each(BAD_STORES)('%s, and no other, catches a store that %s, and says so', async (rule, _what, make, told) => {
    expect(await brokenRules(rulesOf(make))).toEqual([breach(rule, told)]);
  });

  test('catch a store that answers with something else than true and false', async () => {
    expect(await brokenRules(rulesOf(() => new AnswerOfRedis()))).toContain(
      'first-time-only: the second time: mark("key", 600) returned null, not false',
    );
  });

  test('each have a store that breaks them', () => {
    const caught = ['first-time-only', ...BAD_STORES.map(([rule]) => rule)];
    expect(rulesOf(() => new GoodStore()).map(({ id }) => id)).toEqual(caught);
  });
});
