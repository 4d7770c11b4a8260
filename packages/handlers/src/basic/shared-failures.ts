import { unavailable } from '@sallyport/core';
import { type Clock } from '@sallyport/core/extend';
import { answerWithin } from '../outbound/answer-within.js';
import { publishBasicEvent } from './basic-events.js';
import type { FailureCount, FailureStore } from './failure-store.js';

/** A failure store that is waited for only so long, and believed only when it returns counts. */
export class SharedFailures {
  readonly #handler: string;
  readonly #store: FailureStore | undefined;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor(
    handler: string,
    store: FailureStore | undefined,
    { timeoutMs, clock }: { timeoutMs: number; clock: Clock },
  ) {
    this.#handler = handler;
    this.#store = store;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** The counts of some keys; none where no store is shared, `undefined` when it does not tell. */
  get(keys: readonly string[]): Promise<readonly (FailureCount | undefined)[] | undefined> {
    return this.#ask((store) => keys.map(async (key) => store.get(key)));
  }

  async add(keys: readonly string[], windowSeconds: number): Promise<void> {
    await this.#ask((store) => keys.map(async (key) => store.add(key, windowSeconds)));
  }

  async reset(key: string): Promise<void> {
    await this.#ask((store) => [(async () => store.reset(key))().then(() => undefined)]);
  }

  async #ask(question: (store: FailureStore) => Promise<FailureCount | undefined>[]) {
    if (this.#store === undefined) return [];
    try {
      const counts = await answerWithin(this.#timeoutMs, Promise.all(question(this.#store)), this.#clock);
      if (!counts.every(isCount)) throw new TypeError('A failure store returned no count');
      return counts;
    } catch (error) {
      const { reason } = unavailable(error);
      publishBasicEvent({ kind: 'failure_store_unavailable', handler: this.#handler, reason });
      return undefined;
    }
  }
}

function isCount(count: FailureCount | undefined): boolean {
  return count === undefined || (Number.isFinite(count.failures) && Number.isFinite(count.endsInMs));
}
