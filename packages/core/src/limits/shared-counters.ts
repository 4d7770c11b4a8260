import { answerWithin } from '../clock/answer-within.js';
import type { Clock } from '../clock/clock.js';
import type { Count, CounterStore } from '../stores/counter-store.js';
import { unavailable } from '../verdict/verdict.js';

export interface SharedCountersServices {
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Called with a reason each time the store gives no answer. */
  readonly report: (reason: string) => void;
}

/** A counter store with a time limit. Checks that what the store returns are counts. */
export class SharedCounters {
  readonly #store: CounterStore | undefined;
  readonly #services: SharedCountersServices;

  constructor(store: CounterStore | undefined, services: SharedCountersServices) {
    this.#store = store;
    this.#services = services;
  }

  /** The counts of some keys. Without a store: an empty list. If the store does not answer: undefined. */
  get(keys: readonly string[]): Promise<readonly (Count | undefined)[] | undefined> {
    return this.#ask((store) => keys.map(async (key) => store.get(key)));
  }

  async add(keys: readonly string[], windowSeconds: number): Promise<void> {
    await this.#ask((store) => keys.map(async (key) => store.add(key, windowSeconds)));
  }

  async reset(key: string): Promise<void> {
    await this.#ask((store) => [(async () => store.reset(key))().then(() => undefined)]);
  }

  async #ask(question: (store: CounterStore) => Promise<Count | undefined>[]) {
    if (this.#store === undefined) return [];
    const { timeoutMs, clock, report } = this.#services;
    try {
      const counts = await answerWithin(timeoutMs, Promise.all(question(this.#store)), clock);
      if (!counts.every(isCount)) throw new TypeError('A counter store returned no count');
      return counts;
    } catch (error) {
      report(unavailable(error).reason);
      return undefined;
    }
  }
}

function isCount(count: Count | undefined): boolean {
  return count === undefined || (Number.isFinite(count.value) && Number.isFinite(count.endsInMs));
}
