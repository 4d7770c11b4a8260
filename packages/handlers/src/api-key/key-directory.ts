import { type Unavailable, unavailable } from '@sallyport/core';
import { answerWithin, type Basis, type Clock, describeError } from '@sallyport/core/extend';
import { FileUnusable } from '../files/reloaded-file.js';
import { type ApiKeyRecord, checkedRecord } from './stores/api-key-record.js';
import type { ApiKeyStore } from './stores/api-key-store.js';

/** Asks a store of keys, with a time limit, and checks its answers. */
export class KeyDirectory {
  readonly #store: ApiKeyStore;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #state: StoreState | undefined;

  constructor(store: ApiKeyStore, timeoutMs: number, clock: Clock) {
    this.#store = store;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** What a verdict about the store's present answers rests on. Undefined if the store does not tell changes. */
  get state(): Basis | undefined {
    const changes = changesOf(this.#store);
    if (changes === undefined) return undefined;
    if (this.#state?.changes !== changes) this.#state = new StoreState(this.#store, changes);
    return this.#state;
  }

  /** When the store fails, the answer is `unavailable`, never "no such key". */
  async find(id: string): Promise<ApiKeyRecord | Unavailable | undefined> {
    try {
      const asking = (async () => this.#store.find(id))();
      const found = await answerWithin(this.#timeoutMs, asking, this.#clock);
      return found === undefined || found === null ? undefined : checkedRecord(found);
    } catch (error) {
      return unavailable(error, { detail: problemOf(error) });
    }
  }
}

/** The message stays away: a store is foreign code. */
function problemOf(error: unknown): string {
  if (error instanceof FileUnusable) return error.message;
  const { name, code } = describeError(error);
  return `the store of keys failed with ${name}${code === undefined ? '' : ` (${code})`}`;
}

/** The store as it was at some time. */
class StoreState implements Basis {
  readonly name: undefined;
  readonly changes: number;
  readonly #store: ApiKeyStore;

  constructor(store: ApiKeyStore, changes: number) {
    this.#store = store;
    this.changes = changes;
  }

  stands(): boolean {
    return changesOf(this.#store) === this.changes;
  }
}

/** A store that cannot tell has to be asked again. */
function changesOf(store: ApiKeyStore): number | undefined {
  try {
    return store.changes;
  } catch {
    return undefined;
  }
}
