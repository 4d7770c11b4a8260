import { createLocalJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { SIGNING_ALGORITHMS } from './access-token-format.js';
import type { JwtRecord, Storage } from './storage.js';

/** The issuer, audience and keys of the server's own JWT access tokens. */
export interface JwtIdentity {
  readonly issuer: string;
  readonly audience: string;
  readonly publicKeys: readonly object[];
}

/** A JWT access token of this server that has not ended. */
export interface LivingJwt {
  readonly claims: JWTPayload;
  readonly record: JwtRecord;
}

/**
 * The server's JWT access tokens. oidc-provider does not store them, so it can neither revoke nor renew them. Here each
 * has a record under its `jti`, which ends with the token. Whoever asks about a token, or ends it, need not have the key
 * that it is bound to.
 */
export class JwtAccessTokens {
  readonly #storage: Storage;
  readonly #keys: JWTVerifyGetKey;
  readonly #expected: { readonly issuer: string; readonly audience: string };

  constructor({ issuer, audience, publicKeys }: JwtIdentity, storage: Storage) {
    this.#storage = storage;
    this.#keys = createLocalJWKSet({ keys: [...publicKeys] as never });
    this.#expected = { issuer, audience };
  }

  /** The token, if this server has signed it and it has not ended. A forged token with the same `jti` is not found. */
  async find(token: string): Promise<LivingJwt | undefined> {
    const options = { ...this.#expected, typ: 'at+jwt', algorithms: [...SIGNING_ALGORITHMS] };
    const verified = await jwtVerify(token, this.#keys, options).catch(() => undefined);
    if (verified === undefined) return undefined;
    const { payload: claims } = verified;
    const record = this.#storage.findJwt(String(claims.jti));
    return record && { claims, record };
  }

  /** Ends a token, and its grant. */
  end({ claims }: LivingJwt): void {
    this.#storage.endJwt(String(claims.jti));
  }
}
