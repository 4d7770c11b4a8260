import { type Principal, type Revocations } from '@sallyport/core';
import { isVerdict, SecurityRequest } from '@sallyport/core/extend';
import { JwtHandler } from '@sallyport/handlers/jwt';
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
  readonly principal: Principal;
  readonly record: JwtRecord;
}

/**
 * The server's JWT access tokens. oidc-provider does not store them, so it can neither revoke nor renew them. Here each
 * has a record under its `jti`, which ends with the token.
 */
export class JwtAccessTokens {
  readonly #storage: Storage;
  readonly #handler: JwtHandler;

  constructor({ issuer, audience, publicKeys }: JwtIdentity, storage: Storage, revocations: Revocations) {
    this.#storage = storage;
    const trusted = { issuer, audience, algorithms: SIGNING_ALGORITHMS, keys: { jwks: { keys: publicKeys } } };
    this.#handler = new JwtHandler({ realm: issuer, issuers: [trusted] }, { revocations });
  }

  /** The token, if this server has signed it and it has not ended. A forged token with the same `jti` is not found. */
  async find(token: string): Promise<LivingJwt | undefined> {
    const rawHeaders = ['Authorization', `Bearer ${token}`];
    const request = new SecurityRequest({ method: 'POST', target: '/', rawHeaders });
    const credential = this.#handler.extract(request);
    if (credential === undefined || isVerdict(credential)) return undefined;
    const verdict = await this.#handler.verify(credential, request);
    if (verdict.kind !== 'authenticated') return undefined;
    const { principal } = verdict;
    const record = this.#storage.findJwt(String(principal.claims['jti']));
    return record && { principal, record };
  }

  /** Ends a token, and its grant. */
  end({ principal }: LivingJwt): void {
    this.#storage.endJwt(String(principal.claims['jti']));
  }

  close(): Promise<void> {
    return this.#handler.close();
  }
}
