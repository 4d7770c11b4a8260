import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Stored {
  readonly payload: AdapterPayload;
  readonly expiresAtMs: number;
}

/** Takes an access token and when it would have expired, in seconds since the epoch. */
export type AccessTokenListener = (token: string, expiresAt: number) => void;

/** The kinds of record whose identifier is the opaque token that a client sends. */
const ACCESS_TOKENS: readonly string[] = ['AccessToken', 'ClientCredentials'];

/**
 * The authorization server's storage: in memory, one map per kind of record. An access token replaces the earlier
 * one of its grant, so that a refresh ends the token it renews.
 */
export class Storage {
  readonly #records = new Map<string, Map<string, Stored>>();
  readonly #onAccessTokenEnded: AccessTokenListener;

  /** Tells of every access token that ends before its time. */
  constructor(onAccessTokenEnded: AccessTokenListener) {
    this.#onAccessTokenEnded = onAccessTokenEnded;
  }

  /** What oidc-provider asks for: an adapter per model name. */
  readonly adapterFor = (model: string): Adapter => ({
    upsert: async (id, payload, expiresInSeconds) => this.#write(model, id, payload, expiresInSeconds),
    find: async (id) => this.#read(model, id),
    findByUid: async (uid) => this.#findBy(model, (payload) => payload.uid === uid),
    findByUserCode: async (code) => this.#findBy(model, (payload) => payload.userCode === code),
    consume: async (id) => this.#consume(model, id),
    destroy: async (id) => this.#delete(model, id),
    revokeByGrantId: async (grantId) => this.#deleteWhere(model, (payload) => payload.grantId === grantId),
  });

  #write(model: string, id: string, payload: AdapterPayload, expiresInSeconds: number | undefined): void {
    if (model === 'AccessToken') {
      this.#deleteWhere(model, ({ grantId }) => grantId !== undefined && grantId === payload.grantId);
    }
    const expiresAtMs = expiresInSeconds ? Date.now() + expiresInSeconds * 1_000 : Number.POSITIVE_INFINITY;
    this.#sweep(model);
    this.#recordsOf(model).set(id, { payload, expiresAtMs });
  }

  #read(model: string, id: string): AdapterPayload | undefined {
    const stored = this.#recordsOf(model).get(id);
    return stored !== undefined && Date.now() < stored.expiresAtMs ? stored.payload : undefined;
  }

  #consume(model: string, id: string): void {
    const payload = this.#read(model, id);
    if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1_000);
  }

  #findBy(model: string, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const id of this.#recordsOf(model).keys()) {
      const payload = this.#read(model, id);
      if (payload !== undefined && matches(payload)) return payload;
    }
    return undefined;
  }

  #deleteWhere(model: string, matches: (payload: AdapterPayload) => boolean): void {
    for (const [id, { payload }] of this.#recordsOf(model)) if (matches(payload)) this.#delete(model, id);
  }

  #delete(model: string, id: string): void {
    const stored = this.#recordsOf(model).get(id);
    this.#recordsOf(model).delete(id);
    if (stored && ACCESS_TOKENS.includes(model)) this.#onAccessTokenEnded(id, stored.expiresAtMs / 1_000);
  }

  /** Insertion order is nearly expiry order, so only the oldest records need a look. */
  #sweep(model: string): void {
    for (const [id, { expiresAtMs }] of this.#recordsOf(model)) {
      if (expiresAtMs > Date.now()) return;
      this.#recordsOf(model).delete(id);
    }
  }

  #recordsOf(model: string): Map<string, Stored> {
    const records = this.#records.get(model) ?? new Map<string, Stored>();
    this.#records.set(model, records);
    return records;
  }
}
