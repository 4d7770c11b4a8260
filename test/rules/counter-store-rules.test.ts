import { describe, expect, test } from '@jest/globals';
import type { Count, CounterStore } from '@sallyport/core/extend';
import { counterStoreRules } from '@sallyport/core/testing';
import { breach, brokenRules } from './broken-rules.js';

/** Keeps every rule; the others each break one. */
class GoodStore implements CounterStore {
  protected nowMs = 0;
  protected readonly counts = new Map<string, { value: number; endsAtMs: number }>();

  pass(milliseconds: number): void {
    this.nowMs += milliseconds;
  }

  get(key: string): Count | undefined {
    return this.count(key);
  }

  protected count(key: string): Count | undefined {
    const found = this.counts.get(key);
    if (found === undefined || found.endsAtMs <= this.nowMs) return undefined;
    return { value: found.value, endsInMs: found.endsAtMs - this.nowMs };
  }

  add(key: string, windowSeconds: number, amount = 1, most = Number.POSITIVE_INFINITY): Count | Promise<Count> {
    const found = this.count(key);
    const endsInMs = found?.endsInMs ?? windowSeconds * 1_000;
    const value = (found?.value ?? 0) + amount;
    if (value <= most) this.counts.set(key, { value, endsAtMs: this.nowMs + endsInMs });
    return { value, endsInMs };
  }

  reset(key: string): void {
    this.counts.delete(key);
  }
}

/** What was never counted has a count of none. */
class CountOfNone extends GoodStore {
  override get(key: string): Count | undefined {
    return super.get(key) ?? (this.counts.size === 0 && key === 'unknown' ? { value: 0, endsInMs: 1 } : undefined);
  }

  override reset(key: string): void {
    super.reset(key);
    this.counts.set('something else', { value: 1, endsAtMs: 0 });
  }
}

/** Tells what was counted before. */
class LateAnswer extends GoodStore {
  override get(key: string): Count | undefined {
    const found = super.get(key);
    return found?.value === 5 ? { ...found, value: 4 } : found;
  }
}

class FirstLetters extends GoodStore {
  override get(key: string): Count | undefined {
    return super.get(key.slice(0, 3));
  }

  override add(key: string, ...given: [windowSeconds: number, amount?: number, most?: number]): Count {
    return super.add(key.slice(0, 3), ...given) as Count;
  }

  override reset(key: string): void {
    super.reset(key.slice(0, 3));
  }
}

class Prolonging extends GoodStore {
  override add(key: string, windowSeconds: number, amount?: number, most?: number): Count {
    const { value } = super.add(key, windowSeconds, amount, most) as Count;
    const found = this.counts.get(key);
    if (found !== undefined) found.endsAtMs = this.nowMs + windowSeconds * 1_000;
    return { value, endsInMs: windowSeconds * 1_000 };
  }
}

class OneWindow extends GoodStore {
  override add(key: string, _windowSeconds: number, amount?: number, most?: number): Count {
    return super.add(key, 900, amount, most) as Count;
  }
}

class ResetsAll extends GoodStore {
  override reset(): void {
    this.counts.clear();
  }
}

/** Knows of no amounts. */
class CountsOnes extends GoodStore {
  override add(key: string, windowSeconds: number, amount = 1, most?: number): Count | Promise<Count> {
    return super.add(key, windowSeconds, amount === 7 ? 1 : amount, most);
  }
}

/** Adds whatever it is given. */
class AddsTooMuch extends GoodStore {
  override add(key: string, windowSeconds: number, amount = 1, most?: number): Count | Promise<Count> {
    return super.add(key, windowSeconds, amount, amount === 1 ? most : undefined);
  }
}

/** Looks at the most first, and adds later. */
class LooksFirst extends GoodStore {
  override async add(key: string, windowSeconds: number, amount = 1, most?: number): Promise<Count> {
    if (most === undefined || amount > 1) return super.add(key, windowSeconds, amount, most);
    const isTooMuch = (this.get(key)?.value ?? 0) + amount > most;
    await null;
    if (isTooMuch) return { value: most + amount, endsInMs: windowSeconds * 1_000 };
    await super.add(key, windowSeconds, amount);
    return { value: most, endsInMs: windowSeconds * 1_000 };
  }
}

/** Reads and writes apart. */
class Losing extends GoodStore {
  override async add(key: string, windowSeconds: number, amount?: number, most?: number): Promise<Count> {
    if (most !== undefined || amount !== undefined) return super.add(key, windowSeconds, amount, most);
    const before = this.get(key);
    await null;
    const count = { value: (before?.value ?? 0) + 1, endsInMs: before?.endsInMs ?? windowSeconds * 1_000 };
    this.counts.set(key, { value: count.value, endsAtMs: this.nowMs + count.endsInMs });
    return count;
  }
}

const BAD_STORES: readonly (readonly [rule: string, what: string, make: () => GoodStore, told: string])[] = [
  [
    'unknown-is-undefined',
    'counts what it does not know',
    () => new CountOfNone(),
    'get("unknown") returned {"value":0,"endsInMs":1}, not undefined',
  ],
  ['counts-up', 'stops counting', () => new LateAnswer(), 'get(): the count is {"value":4,"endsInMs":900000}, not 5'],
  [
    'keys-apart',
    'looks at the first letters of keys',
    () => new FirstLetters(),
    'a key: the count is {"value":3,"endsInMs":900000}, not 2',
  ],
  [
    'window-stays',
    'prolongs its windows',
    () => new Prolonging(),
    'after 10 of 15 minutes: the window ends in 900000 ms, not in 300 seconds',
  ],
  [
    'windows-apart',
    'has one window for all',
    () => new OneWindow(),
    'a short window: the window ends in 900000 ms, not in 60 seconds',
  ],
  ['resets', 'resets everything', () => new ResetsAll(), 'beside a reset: the count is undefined, not 1'],
  [
    'amounts',
    'adds one where it is given more',
    () => new CountsOnes(),
    'an amount of 7: the count is {"value":1,"endsInMs":900000}, not 7',
  ],
  [
    'most',
    'adds more than the most',
    () => new AddsTooMuch(),
    'after what was too much: the count is {"value":11,"endsInMs":900000}, not 8',
  ],
  ['most-at-once', 'looks before it adds', () => new LooksFirst(), '60 at once with a most of 50: 60 were added'],
  [
    'many-at-once',
    'loses counts',
    () => new Losing(),
    '200 at once: the count is {"value":1,"endsInMs":900000}, not 200',
  ],
];

const rulesOf = (make: () => GoodStore) =>
  counterStoreRules(() => {
    const store = make();
    return { store, pass: (milliseconds) => store.pass(milliseconds) };
  });

describe('the rules of counter stores', () => {
  test('find nothing in a store that keeps every rule', async () => {
    expect(await brokenRules(rulesOf(() => new GoodStore()))).toEqual([]);
  });

  test.each(BAD_STORES)('%s, and no other, catches a store that %s, and says so', async (rule, _what, make, told) => {
    expect(await brokenRules(rulesOf(make))).toEqual([breach(rule, told)]);
  });

  test('each have a store that breaks them', () => {
    expect(rulesOf(() => new GoodStore()).map(({ id }) => id)).toEqual(BAD_STORES.map(([rule]) => rule));
  });
});
