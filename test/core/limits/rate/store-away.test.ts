import { afterEach, describe, expect, test } from '@jest/globals';
import { type CacheEvent, MemoryCounterStore, onCacheEvent, type RateLimitOptions, rateLimit } from '@sallyport/core';
import { ANONYMOUS, type CounterStore } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

type State = 'good' | 'failing' | 'silent' | 'throwing' | 'lying';

/** A store of several processes that can be taken away. */
class FaultyStore implements CounterStore {
  state: State = 'good';
  asked = 0;
  readonly counts: MemoryCounterStore;

  constructor(clock: ManualClock) {
    this.counts = new MemoryCounterStore({}, { clock });
  }

  get(key: string) {
    return this.#answer(() => this.counts.get(key));
  }

  add(...given: Parameters<CounterStore['add']>) {
    return this.#answer(() => this.counts.add(...given));
  }

  reset(key: string) {
    return this.#answer(() => this.counts.reset(key));
  }

  #answer<Value>(task: () => Value): Promise<Value> {
    this.asked += 1;
    if (this.state === 'throwing') throw new TypeError('thrown');
    if (this.state === 'failing') return Promise.reject(new Error('no connection'));
    if (this.state === 'silent') return new Promise(() => {});
    if (this.state === 'lying') return Promise.resolve({ value: 'many' } as never);
    return Promise.resolve(task());
  }
}

function opened(given: Partial<RateLimitOptions> = {}, processes = 4) {
  const clock = new ManualClock();
  const store = new FaultyStore(clock);
  const options = { name: 'l', limit: 40, windowSeconds: 60, by: 'everybody', instances: processes, ...given } as const;
  const limits = Array.from({ length: processes }, () => rateLimit(options, { clock, counterStore: store }));
  const events: CacheEvent[] = [];
  stops.push(onCacheEvent((event) => events.push(event)));
  const ask = async (process: number) => {
    const verdict = limits[process]?.check(ANONYMOUS, buildRequest('/'));
    for (let turn = 0; turn < 20; turn += 1) await null;
    // Nobody waits for longer than storeTimeoutMs.
    if (verdict instanceof Promise && store.state === 'silent') clock.pass(0.05);
    return (await verdict)?.kind === 'permitted';
  };
  const grantedOf = async (process: number, requests: number) => {
    let granted = 0;
    for (let turn = 0; turn < requests; turn += 1) if (await ask(process)) granted += 1;
    return granted;
  };
  return { clock, store, events, ask, grantedOf };
}

describe.each(['failing', 'silent', 'throwing', 'lying'] as const)('while the store is %s', (state) => {
  test.each(['fixed', 'sliding'] as const)(
    'each process grants its share of a %s window, and tells it',
    async (window) => {
      const { store, events, grantedOf } = opened({ window });
      store.state = state;
      const granted = [];
      for (const process of [0, 1, 2, 3]) granted.push(await grantedOf(process, 30));
      expect(granted).toEqual([10, 10, 10, 10]);
      expect(events).toHaveLength(4);
      expect(events[0]).toMatchObject({ kind: 'limit_store_unavailable', limit: 'l' });
    },
  );

  test('what is known of the count still holds', async () => {
    const { store, grantedOf } = opened();
    expect(await grantedOf(0, 40)).toBe(40);
    expect(await grantedOf(1, 1)).toBe(0);
    store.state = state;
    expect(await grantedOf(0, 5)).toBe(0);
    expect(await grantedOf(1, 5)).toBe(0);
  });

  test('the store is not waited for with each request, and is asked again by itself', async () => {
    const { clock, store, events, grantedOf } = opened();
    store.state = state;
    await grantedOf(0, 200);
    expect(store.asked).toBe(1);
    clock.pass(60);
    await grantedOf(0, 200);
    expect(store.asked).toBe(2);
    store.state = 'good';
    clock.pass(60);
    expect(await grantedOf(0, 200)).toBe(40);
    expect(events.map(({ kind }) => kind)).toEqual(['limit_store_unavailable', 'limit_store_recovered']);
  });

  test('what was granted meanwhile is told to the store afterwards', async () => {
    const { clock, store, grantedOf } = opened();
    store.state = state;
    expect(await grantedOf(0, 30)).toBe(10);
    store.state = 'good';
    clock.pass(2);
    expect(await grantedOf(0, 100)).toBe(30);
    expect(await grantedOf(1, 100)).toBe(0);
  });
});

describe('the share of a process', () => {
  test('is at least one request in a window, whatever it costs', async () => {
    for (const cost of [1, 3]) {
      const { store, grantedOf } = opened({ limit: 3, cost }, 10);
      store.state = 'failing';
      expect([await grantedOf(0, 10), await grantedOf(1, 10)]).toEqual([1, 1]);
    }
  });

  test('is never more than the limit, and nothing for what costs more than that', async () => {
    const { store, grantedOf } = opened({ limit: 3, cost: 4 }, 1);
    store.state = 'failing';
    expect(await grantedOf(0, 10)).toBe(0);
  });

  test('begins anew in each window', async () => {
    const { clock, store, grantedOf } = opened();
    store.state = 'failing';
    for (let window = 0; window < 3; window += 1) {
      expect(await grantedOf(0, 30)).toBe(10);
      clock.pass(60);
    }
  });
});
