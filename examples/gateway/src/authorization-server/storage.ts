import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Stored {
  readonly payload: AdapterPayload;
  readonly expiresAtMs: number;
}

/** An access token that ended before its time. */
export interface EndedToken {
  /** A JWT is named by its `jti`, an opaque token by itself. */
  readonly isJwt: boolean;
  readonly id: string;
  /** When it would have expired, in seconds since the epoch. */
  readonly expiresAt: number;
}

/** The owner of a JWT access token. */
export interface JwtRecord {
  readonly clientId: string;
  /** Absent for a client's own token. */
  readonly grantId: string | undefined;
}

/** The records of JWT access tokens, which oidc-provider does not keep. */
const JWT_ACCESS_TOKEN = 'JwtAccessToken';
/** The kinds of record that are access tokens. */
const ACCESS_TOKENS: readonly string[] = ['AccessToken', 'ClientCredentials', JWT_ACCESS_TOKEN];
/** The kinds of access token of which a grant has only one at a time. */
const RENEWED: readonly string[] = ['AccessToken', JWT_ACCESS_TOKEN];

/**
 * The authorization server's storage: in memory, one map per kind of record. An access token replaces the earlier
 * one of its grant, so that a refresh ends the token it renews.
 */
export class Storage {
  readonly #records = new Map<string, Map<string, Stored>>();
  readonly #onAccessTokenEnded: (ended: EndedToken) => void;

  /** `onAccessTokenEnded` gets every access token that ends before its time. */
  constructor(onAccessTokenEnded: (ended: EndedToken) => void) {
    this.#onAccessTokenEnded = onAccessTokenEnded;
  }

  /** The adapter for a kind of record, as oidc-provider asks for it. */
  readonly adapterFor = (model: string): Adapter => ({
    upsert: async (id, payload, expiresInSeconds) => this.#write(model, id, payload, expiresInSeconds),
    find: async (id) => this.#read(model, id),
    findByUid: async (uid) => this.#findBy(model, (payload) => payload.uid === uid),
    findByUserCode: async (code) => this.#findBy(model, (payload) => payload.userCode === code),
    consume: async (id) => this.#consume(model, id),
    destroy: async (id) => this.#delete(model, id),
    revokeByGrantId: async (grantId) => this.#endTokens(grantId, model === 'AccessToken' ? RENEWED : [model]),
  });

  /** Notes that a JWT access token was issued. */
  addJwt(jti: string, { clientId, grantId }: JwtRecord, expiresInSeconds: number): void {
    this.#write(JWT_ACCESS_TOKEN, jti, { clientId, ...(grantId !== undefined && { grantId }) }, expiresInSeconds);
  }

  /** The owner of an issued JWT. `undefined` once the token has ended. */
  findJwt(jti: string): JwtRecord | undefined {
    const payload = this.#read(JWT_ACCESS_TOKEN, jti);
    return payload && { clientId: String(payload.clientId), grantId: payload.grantId };
  }

  /** Ends a JWT, its grant, and all other tokens of that grant. */
  endJwt(jti: string): void {
    const grantId = this.findJwt(jti)?.grantId;
    this.#delete(JWT_ACCESS_TOKEN, jti);
    if (grantId === undefined) return;
    this.#endTokens(grantId, [...this.#records.keys()]);
    this.#delete('Grant', grantId);
  }

  #write(model: string, id: string, payload: AdapterPayload, expiresInSeconds: number | undefined): void {
    if (RENEWED.includes(model) && payload.grantId !== undefined) this.#endTokens(payload.grantId, RENEWED);
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

  #endTokens(grantId: string, models: readonly string[]): void {
    for (const model of models) {
      for (const [id, { payload }] of this.#recordsOf(model)) {
        if (payload.grantId === grantId) this.#delete(model, id);
      }
    }
  }

  #delete(model: string, id: string): void {
    const stored = this.#recordsOf(model).get(id);
    this.#recordsOf(model).delete(id);
    if (stored === undefined || !ACCESS_TOKENS.includes(model)) return;
    this.#onAccessTokenEnded({ isJwt: model === JWT_ACCESS_TOKEN, id, expiresAt: stored.expiresAtMs / 1_000 });
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
