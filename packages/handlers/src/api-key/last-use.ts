import { answerWithin, type Clock, describeError } from '@sallyport/core/extend';
import { publishApiKeyEvent } from './api-key-events.js';
import type { ApiKeyRecord } from './stores/api-key-record.js';
import type { ApiKeyStore } from './stores/api-key-store.js';

/** More are dropped: the next use will be noted. */
const MOST_UNDER_WAY = 100;

export interface LastUseSettings {
  readonly handler: string;
  /** How long a time that was noted is good enough, in seconds; 0 notes nothing. */
  readonly intervalSeconds: number;
  readonly timeoutMs: number;
}

/** Notes when keys were used last: now and then, in the background, and without a promise that it succeeds. */
export class LastUse {
  readonly #settings: LastUseSettings;
  readonly #store: ApiKeyStore;
  readonly #clock: Clock;
  readonly #underWay = new Set<Promise<void>>();

  constructor(settings: LastUseSettings, { store, clock }: { store: ApiKeyStore; clock: Clock }) {
    this.#settings = settings;
    this.#store = store;
    this.#clock = clock;
  }

  note({ id, usedAt = 0 }: ApiKeyRecord): void {
    const { intervalSeconds } = this.#settings;
    const now = Math.floor(this.#clock.now() / 1_000);
    if (intervalSeconds === 0 || now - usedAt < intervalSeconds || this.#underWay.size >= MOST_UNDER_WAY) return;
    const noting = this.#write(id, now).finally(() => this.#underWay.delete(noting));
    this.#underWay.add(noting);
  }

  /** Waits for what is under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #write(id: string, now: number): Promise<void> {
    const { handler, timeoutMs } = this.#settings;
    try {
      const writing = (async () => this.#store.noteUse(id, now))();
      await answerWithin(timeoutMs, writing, this.#clock);
    } catch (error) {
      const { name, code } = describeError(error);
      publishApiKeyEvent({ kind: 'use_not_noted', handler, reason: code ?? name });
    }
  }
}
