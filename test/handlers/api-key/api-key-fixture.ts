import { type Revocations, SecurityChain } from '@sallyport/core';
import { type Answer, ask, ManualClock } from '@sallyport/core/testing';
import {
  ApiKeyHandler,
  type ApiKeyHandlerOptions,
  type ApiKeyStore,
  MemoryApiKeyStore,
  type NewApiKey,
} from '@sallyport/handlers/api-key';

export const SECRET = 'the secret of this deployment, 32 characters or more';
export const OLD_SECRET = 'the secret that this one replaces, as long as it';

/** A handler of keys in a chain, on a clock that stands still. */
export class KeysUnderTest {
  readonly clock: ManualClock;
  readonly store: ApiKeyStore;
  readonly handler: ApiKeyHandler;
  readonly chain: SecurityChain;

  constructor(
    options: Partial<Omit<ApiKeyHandlerOptions, 'store'>> & { readonly store?: ApiKeyStore } = {},
    { clock = new ManualClock(), revocations }: { clock?: ManualClock; revocations?: Revocations } = {},
  ) {
    const { store = new MemoryApiKeyStore() } = options;
    this.clock = clock;
    this.store = store;
    this.handler = new ApiKeyHandler({ prefix: 'acme', secret: SECRET, ...options, store }, { clock, revocations });
    this.chain = new SecurityChain({ requirement: this.handler }, { clock, random: () => 0 });
  }

  /** Seconds since the epoch. */
  get now(): number {
    return this.clock.now() / 1_000;
  }

  /** The text of a new key. */
  async issue(more: Partial<NewApiKey> = {}): Promise<{ text: string; id: string }> {
    const { key, record } = await this.handler.keys.create({ subject: 'web-shop', ...more });
    return { text: key.reveal(), id: record.id };
  }

  answer(text: string): Promise<Answer> {
    return ask(this.chain, 'GET /', { headers: { 'X-API-Key': text } });
  }

  /** `200`, or status and reason. */
  async send(text: string): Promise<string> {
    const { status, reason } = await this.answer(text);
    return reason === undefined ? String(status) : `${status} ${reason}`;
  }
}

/** Calls a function before each lookup of another store. */
export class ObservedStore implements ApiKeyStore {
  readonly #store: ApiKeyStore;
  readonly #onFind: (id: string) => unknown;
  readonly create: ApiKeyStore['create'];
  readonly replace: ApiKeyStore['replace'];
  readonly delete: ApiKeyStore['delete'];
  readonly list: ApiKeyStore['list'];
  readonly noteUse: ApiKeyStore['noteUse'];

  constructor(onFind: (id: string) => unknown, store: ApiKeyStore = new MemoryApiKeyStore()) {
    this.#store = store;
    this.#onFind = onFind;
    this.create = (record) => store.create(record);
    this.replace = (record) => store.replace(record);
    this.delete = (id) => store.delete(id);
    this.list = () => store.list();
    this.noteUse = (id, usedAt) => store.noteUse(id, usedAt);
  }

  async find(id: string) {
    await this.#onFind(id);
    return this.#store.find(id);
  }
}
