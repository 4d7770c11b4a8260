import { describe, expect, test } from '@jest/globals';
import { MemoryCounterStore, rateLimit } from '@sallyport/core';
import { ANONYMOUS, type CounterStore } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import fc from 'fast-check';
import { cases } from '../../../support/random-cases.js';

const WINDOW_SECONDS = 60;

interface Step {
  readonly waitMs: number;
  readonly key: number;
  readonly cost: number;
}

/** What a limit decides, in a few lines and with all requests that it ever granted. */
class Oracle {
  readonly #granted: { atMs: number; key: number; cost: number }[] = [];
  readonly #opened = new Map<number, number>();

  constructor(
    readonly window: 'fixed' | 'sliding',
    readonly limit: number,
  ) {}

  decide({ key, cost }: Step, nowMs: number): boolean {
    const used = this.window === 'fixed' ? this.#fixed(key, cost, nowMs) : this.#sliding(key, nowMs);
    const isGranted = cost === 0 || used + cost <= this.limit;
    if (isGranted) this.#granted.push({ atMs: nowMs, key, cost });
    return isGranted;
  }

  /** What is never counted begins no window. */
  #fixed(key: number, cost: number, nowMs: number): number {
    const openedMs = this.#opened.get(key) ?? Number.NEGATIVE_INFINITY;
    const isOver = nowMs - openedMs >= WINDOW_SECONDS * 1_000;
    if (isOver && cost > 0 && cost <= this.limit) this.#opened.set(key, nowMs);
    return isOver ? 0 : this.#sum(key, openedMs, nowMs + 1);
  }

  #sliding(key: number, nowMs: number): number {
    const windowMs = WINDOW_SECONDS * 1_000;
    const beginMs = Math.floor(nowMs / windowMs) * windowMs;
    const before = this.#sum(key, beginMs - windowMs, beginMs);
    return this.#sum(key, beginMs, nowMs + 1) + Math.floor(before * ((beginMs + windowMs - nowMs) / windowMs));
  }

  #sum(key: number, fromMs: number, toMs: number): number {
    return this.#granted
      .filter((each) => each.key === key && each.atMs >= fromMs && each.atMs < toMs)
      .reduce((sum, { cost }) => sum + cost, 0);
  }
}

const steps = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 130_000 })),
    key: fc.integer({ min: 1, max: 3 }),
    cost: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 6 })),
  }),
  { maxLength: 80 },
);

const stepOf = (waitMs: number, cost: number): Step => ({ waitMs, key: 1, cost });
/** What the store refuses in a window that this process knows nothing of must not count there. */
const REFUSED_BY_THE_STORE: [Step[], number] = [[stepOf(0, 5), stepOf(66_000, 3), stepOf(30_000, 2)], 5];

type StoreMaker = (clock: ManualClock) => CounterStore | undefined;

const STORES: readonly (readonly [name: string, make: StoreMaker])[] = [
  ['in this process', () => undefined],
  ['in a store that answers at once', (clock) => new MemoryCounterStore({}, { clock })],
  ['in a store that answers later', (clock) => later(new MemoryCounterStore({}, { clock }))],
];

function later(store: MemoryCounterStore): CounterStore {
  return {
    get: async (key) => store.get(key),
    add: async (...given) => store.add(...given),
    reset: async (key) => store.reset(key),
  };
}

describe.each(['fixed', 'sliding'] as const)('a %s window', (window) => {
  test.each(STORES)('%s: every decision is that of the oracle', async (_name, storeIn) => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 10 }), async (taken, limit) => {
        const clock = new ManualClock();
        const oracle = new Oracle(window, limit);
        let step = taken[0] as Step;
        const subject = rateLimit(
          { name: 'l', limit, windowSeconds: WINDOW_SECONDS, window, by: () => `k${step.key}`, cost: () => step.cost },
          { clock, counterStore: storeIn(clock) },
        );
        for (const next of taken) {
          step = next;
          clock.pass(step.waitMs / 1_000);
          const { kind } = await subject.check(ANONYMOUS, buildRequest('/'));
          expect([step, kind]).toEqual([step, oracle.decide(step, clock.now()) ? 'permitted' : 'limited']);
        }
      }),
      { ...cases(20), examples: [REFUSED_BY_THE_STORE] },
    );
  });

  test('of several processes over one store: every decision is that of the oracle', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 80 }), async (taken, who) => {
        const clock = new ManualClock();
        const oracle = new Oracle(window, 5);
        const counterStore = later(new MemoryCounterStore({}, { clock }));
        let step = taken[0] as Step;
        const processes = [0, 1, 2].map(() =>
          rateLimit(
            {
              name: 'l',
              limit: 5,
              windowSeconds: WINDOW_SECONDS,
              window,
              by: () => `k${step.key}`,
              cost: () => step.cost,
            },
            { clock, counterStore },
          ),
        );
        for (const [index, next] of taken.entries()) {
          step = next;
          clock.pass(step.waitMs / 1_000);
          const process = processes[who[index] as number] as (typeof processes)[number];
          const { kind } = await process.check(ANONYMOUS, buildRequest('/'));
          expect([step, kind]).toEqual([step, oracle.decide(step, clock.now()) ? 'permitted' : 'limited']);
        }
      }),
      cases(20),
    );
  });

  test('grants no more than the limit of any number of requests at once', async () => {
    const clock = new ManualClock();
    const counterStore = later(new MemoryCounterStore({}, { clock }));
    const processes = Array.from({ length: 4 }, () =>
      rateLimit({ name: 'l', limit: 50, windowSeconds: 60, window, by: 'everybody' }, { clock, counterStore }),
    );
    const verdicts = await Promise.all(
      Array.from({ length: 400 }, (_, index) => processes[index % 4]?.check(ANONYMOUS, buildRequest('/'))),
    );
    expect(verdicts.filter((verdict) => verdict?.kind === 'permitted')).toHaveLength(50);
  });

  test('lets a caller in again at the time that Retry-After said, and not before', async () => {
    await fc.assert(
      fc.property(steps, (taken) => {
        const clock = new ManualClock();
        let cost = 1;
        const limit = rateLimit(
          { name: 'l', limit: 6, windowSeconds: WINDOW_SECONDS, window, by: 'everybody', cost: () => cost },
          { clock },
        );
        for (const step of taken) {
          clock.pass(step.waitMs / 1_000);
          cost = step.cost;
          const verdict = limit.check(ANONYMOUS, buildRequest('/')) as { kind: string; retryAfterSeconds?: number };
          if (verdict.kind === 'permitted') continue;
          clock.pass(verdict.retryAfterSeconds as number);
          expect(limit.check(ANONYMOUS, buildRequest('/'))).toMatchObject({ kind: 'permitted' });
        }
      }),
      cases(20),
    );
  });
});

test('an answer that comes later grants only what the store has added, though less is carried by then', async () => {
  const clock = new ManualClock();
  const store = new MemoryCounterStore({}, { clock });
  const answers: (() => void)[] = [];
  const counterStore: CounterStore = {
    get: (key) => store.get(key),
    add: (...given) => {
      const count = store.add(...given);
      return new Promise((resolve) => answers.push(() => resolve(count)));
    },
    reset: (key) => store.reset(key),
  };
  const limit = rateLimit(
    { name: 'l', limit: 100, windowSeconds: 60, window: 'sliding', by: 'everybody', storeTimeoutMs: 5_000 },
    { clock, counterStore },
  );
  const granted = async (requests: number, answeredAfterSeconds: number) => {
    const pending = Array.from({ length: requests }, () => limit.check(ANONYMOUS, buildRequest('/')));
    clock.pass(answeredAfterSeconds);
    for (const answer of answers.splice(0)) answer();
    return (await Promise.all(pending)).filter(({ kind }) => kind === 'permitted').length;
  };
  expect(await granted(100, 0)).toBe(100);
  clock.pass(60 - ((clock.now() / 1_000) % 60) + 6);
  // A tenth of the window has passed when the store is asked, and a sixth when it answers.
  expect(await granted(30, 4)).toBe(10);
  // What comes when the window is over says nothing of the next one.
  clock.pass(60 - ((clock.now() / 1_000) % 60) - 2);
  const late = Array.from({ length: 200 }, () => limit.check(ANONYMOUS, buildRequest('/')));
  clock.pass(3);
  const first = limit.check(ANONYMOUS, buildRequest('/'));
  for (const answer of answers.splice(0)) answer();
  await Promise.all([...late, first]);
  clock.pass(58);
  expect(await granted(40, 0)).toBeGreaterThan(30);
});

test('a caller that never stops asking gets its limit in every sliding window all the same', () => {
  const clock = new ManualClock();
  const limit = rateLimit({ name: 'l', limit: 100, windowSeconds: 60, window: 'sliding', by: 'everybody' }, { clock });
  const granted: number[] = [];
  for (let minute = 0; minute < 5; minute += 1) {
    let count = 0;
    for (let ask = 0; ask < 1_500; ask += 1) {
      clock.pass(0.04);
      if ((limit.check(ANONYMOUS, buildRequest('/')) as { kind: string }).kind === 'permitted') count += 1;
    }
    granted.push(count);
  }
  expect(Math.min(...granted)).toBeGreaterThanOrEqual(99);
  expect(Math.max(...granted.slice(1))).toBeLessThanOrEqual(101);
});
