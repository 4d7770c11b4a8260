import { describe, expect, test } from '@jest/globals';
import { MemoryOnceStore, UpstreamError } from '@sallyport/core';
import { markOnce, type OnceStore } from '@sallyport/core/extend';
import { ManualClock, onceStoreRules } from '@sallyport/core/testing';

describe('MemoryOnceStore keeps the rules of a once store', () => {
  const rules = onceStoreRules(() => {
    const clock = new ManualClock();
    const store = new MemoryOnceStore({}, { clock });
    return { store, pass: (milliseconds) => clock.pass(milliseconds / 1_000) };
  });
  for (const { title, check } of rules) test(title, check);
});

describe('MemoryOnceStore', () => {
  const clock = new ManualClock();
  const open = (maxEntries: number) => new MemoryOnceStore({ maxEntries }, { clock });
  /** Marks until there is no room; tells how many found some. */
  const fill = (store: MemoryOnceStore, holder?: string) => {
    for (let count = 0; count < 1_000; count += 1) {
      try {
        store.mark(`${holder} ${count}`, 600, holder);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SALLYPORT_UPSTREAM_OVERLOADED', retryAfterSeconds: 1 });
        return count;
      }
    }
    return 1_000;
  };

  test('ends a mark to the millisecond', () => {
    const store = open(100);
    store.mark('key', 600);
    clock.pass(599.999);
    expect(store.mark('key', 600)).toBe(false);
    clock.pass(0.001);
    expect(store.mark('key', 600)).toBe(true);
  });

  test('does not feel the clock of the machine being set', () => {
    const store = open(100);
    store.mark('key', 600);
    clock.set(3_600);
    expect(store.mark('key', 600)).toBe(false);
    clock.set(-7_200);
    clock.pass(600);
    expect(store.mark('key', 600)).toBe(true);
  });

  test('without room refuses a new mark and forgets none: a forgotten one could be replayed (CWE-294, CWE-770)', () => {
    const store = open(100);
    const kept = fill(store);
    expect(kept).toBe(50);
    expect(Array.from({ length: kept }, (_, index) => store.mark(`undefined ${index}`, 600))).not.toContain(true);
    expect(store.size).toBe(kept);
  });

  test('a holder leaves as many places as it takes: nobody uses up the room of others', () => {
    const store = open(90);
    expect([fill(store, 'first'), fill(store, 'second'), fill(store, 'third')]).toEqual([45, 23, 11]);
    expect(store.mark('key', 600, 'a newcomer')).toBe(true);
  });

  test('gives the places of ended marks back, to whoever held them', () => {
    const store = open(100);
    fill(store, 'busy');
    clock.pass(600);
    expect(store.size).toBe(0);
    expect(fill(store, 'busy')).toBe(50);
  });

  test('a mark that was made anew keeps its place beyond the end of the first', () => {
    const store = open(100);
    store.mark('key', 0.1);
    clock.pass(0.1);
    expect(store.mark('key', 600)).toBe(true);
    clock.pass(2);
    expect(store.size).toBe(1);
    expect(store.mark('key', 600)).toBe(false);
  });

  test.each([0, -1, Number.NaN])('refuses a mark of %d seconds: it would mark nothing', (seconds) => {
    expect(() => open(100).mark('key', seconds)).toThrow(TypeError);
  });
});

describe('markOnce', () => {
  const clock = new ManualClock();
  const MARK = { key: 'key', ttlSeconds: 600, holder: 'client' };
  const ask = (mark: OnceStore['mark']) => markOnce({ mark }, MARK, { clock, timeoutMs: 50 });

  test('asks the store with key, time and holder, and a store in memory answers in the same tick', () => {
    const asked: unknown[] = [];
    const first = ask((...given) => asked.push(given) === 1);
    expect([first, asked]).toEqual([true, [['key', 600, 'client']]]);
    expect(ask(() => false)).toBe(false);
  });

  test.each<[string, OnceStore['mark'], string]>([
    [
      'throws',
      () => {
        throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_OVERLOADED', 'key');
      },
      'err_sallyport_upstream_overloaded',
    ],
    [
      'rejects',
      async () => {
        throw Object.assign(new Error('key'), { code: 'ECONNREFUSED' });
      },
      'econnrefused',
    ],
    ['answers with something else', () => 'OK' as never, 'dependency_failed'],
    ['answers later with something else', async () => null as never, 'dependency_failed'],
  ])('a store that %s cannot tell: 503, and nothing of its message is told', async (_, mark, code) => {
    const told = { kind: 'unavailable', reason: 'once_store_unavailable', detail: `the store failed: ${code}` };
    expect(await ask(mark)).toMatchObject(told);
  });

  test('a store that has lost marks cannot tell either, and says for how long: the reason is another', async () => {
    const lost = () => {
      throw new UpstreamError('ERR_SALLYPORT_MARKS_LOST', 'key', { retryAfterSeconds: 7 });
    };
    expect(await ask(lost)).toMatchObject({ kind: 'unavailable', reason: 'once_marks_lost', retryAfterSeconds: 7 });
  });

  test('a store that never answers cannot tell: 503 after its time', async () => {
    const pending = ask(() => new Promise(() => {}));
    clock.pass(0.05);
    expect(await pending).toMatchObject({ kind: 'unavailable', reason: 'once_store_unavailable' });
    expect(clock.waiting).toBe(0);
  });
});
