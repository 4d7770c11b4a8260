import { hash, type KeyObject } from 'node:crypto';
import { SecurityChain } from '@sallyport/core';
import type { OnceStore } from '@sallyport/core/extend';
import { type Answer, ask, ManualClock } from '@sallyport/core/testing';
import type { IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { JwtHandler, type JwtHandlerOptions } from '@sallyport/handlers/jwt';
import { NOON, tokenBy, trusted } from '../jwt/jwt-fixture.js';
import { base64url, newKey, type SigningKey, signatureOf } from '../jwt/signing.js';

export const EXTERNAL_URL = 'https://api.example.com';
export const TOKEN_KEY = newKey('ES256', 'issuer');

export type DpopOptions = NonNullable<(JwtHandlerOptions & IntrospectionHandlerOptions)['dpop']>;

type Members = Readonly<Record<string, unknown>>;

/** The members of a key that its thumbprint is made of, in their order (RFC 7638 3.2). */
const THUMBPRINT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

export function publicJwk(key: KeyObject): Members {
  return key.export({ format: 'jwk' }) as Members;
}

export function thumbprintOf(jwk: Members): string {
  const names = THUMBPRINT_MEMBERS[String(jwk['kty'])] ?? [];
  return hash('sha256', JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name]]))), 'base64url');
}

/** A client that has a key, and tokens that are bound to it. */
export class DpopClient {
  readonly key: SigningKey;
  readonly jwk: Members;
  readonly thumbprint: string;
  #proofs = 0;

  constructor(algorithm = 'ES256') {
    this.key = newKey(algorithm);
    this.jwk = publicJwk(this.key.publicKey);
    this.thumbprint = thumbprintOf(this.jwk);
  }

  /** A JWT access token that is bound to the key. */
  token(changes: Members = {}): string {
    return tokenBy(TOKEN_KEY, { cnf: { jkt: this.thumbprint }, ...changes });
  }

  /** A proof for a request, new each time. A change to `undefined` takes a member away. */
  proof(token: string, { header = {}, claims = {}, line = 'GET /orders' }: ProofChanges = {}): string {
    const [method, target = ''] = line.split(' ', 2);
    this.#proofs += 1;
    const members = { typ: 'dpop+jwt', alg: this.key.algorithm, jwk: this.jwk, ...header };
    const said = {
      jti: `proof-${this.#proofs}`,
      htm: method,
      htu: EXTERNAL_URL + target.split('?', 1)[0],
      iat: NOON,
      ath: hash('sha256', token, 'base64url'),
      ...claims,
    };
    return this.signed(JSON.stringify(members), JSON.stringify(said));
  }

  /** A proof of any two JSON texts. */
  signed(header: string, claims: string): string {
    const input = `${base64url(header)}.${base64url(claims)}`;
    return `${input}.${base64url(signatureOf(input, this.key.algorithm, this.key.privateKey))}`;
  }
}

export interface ProofChanges {
  readonly header?: Members;
  readonly claims?: Members;
  /** The request that the proof is for. */
  readonly line?: string;
}

/** A JWT handler that takes DPoP tokens, in a chain on a clock that stands still. */
export class DpopUnderTest {
  readonly clock: ManualClock;
  readonly handler: JwtHandler;
  readonly chain: SecurityChain;

  constructor(
    dpop: Partial<DpopOptions> = {},
    {
      onceStore,
      clock = new ManualClock(),
      ...options
    }: Partial<JwtHandlerOptions> & { readonly onceStore?: OnceStore; readonly clock?: ManualClock } = {},
  ) {
    this.clock = clock;
    this.handler = new JwtHandler(
      {
        realm: 'test',
        issuers: [trusted({ publicKey: TOKEN_KEY.publicKey, kid: TOKEN_KEY.kid })],
        dpop: { externalUrl: EXTERNAL_URL, ...dpop },
        ...options,
      },
      { clock, onceStore },
    );
    this.chain = new SecurityChain({ requirement: this.handler }, { clock, random: () => 0 });
  }

  async ask(
    token: string,
    proof: string | readonly string[] | undefined,
    { line = 'GET /orders', scheme = 'DPoP' } = {},
  ): Promise<Answer> {
    const dpop = proof === undefined ? {} : { DPoP: proof };
    return ask(this.chain, line, { headers: { Authorization: `${scheme} ${token}`, ...dpop } });
  }

  async outcome(...sent: Parameters<DpopUnderTest['ask']>): Promise<string> {
    return outcomeOf(await this.ask(...sent));
  }
}

/** `200`, or the status and the reason. */
export function outcomeOf({ status, reason }: Answer): string {
  return reason === undefined ? `${status}` : `${status} ${reason}`;
}
