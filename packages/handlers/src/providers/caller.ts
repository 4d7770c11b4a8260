import type { PrincipalInit } from '@sallyport/core';
import type { TokenClaims } from '../token/token-claims.js';

/** How the tokens of a provider tell who is calling. */
export interface CallerRules {
  /** Claims that name the client, beside `client_id`; the first that is a text does. */
  readonly clientClaims?: readonly string[];
  /** Whether the caller is a workload, such as a service, and no person. `clientId` is undefined where none is named. */
  readonly isWorkload: (claims: TokenClaims, clientId: string | undefined) => boolean;
}

/** Adds the client, and calls a workload a client. */
export type Caller = (init: PrincipalInit, claims: TokenClaims) => PrincipalInit;

/** The mapping of a provider. It is made once for each provider, because issuers that are resolved again are compared. */
export function callerBy({ clientClaims = [], isWorkload }: CallerRules): Caller {
  return (init, claims) => {
    const clientId = init.clientId ?? clientClaims.map((name) => textAt(claims, name)).find(Boolean);
    return { ...init, clientId, kind: isWorkload(claims, clientId) ? 'client' : 'user' };
  };
}

/** The claim, if it is a text that is not empty. */
export function textAt(claims: TokenClaims, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether a claim is one of these texts. */
export function isOneOf(texts: readonly string[]): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && texts.includes(value);
}
