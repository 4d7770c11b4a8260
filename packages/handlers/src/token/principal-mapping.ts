import { createPrincipal, type Principal, type PrincipalInit, UpstreamError } from '@sallyport/core';
import type { TokenClaims } from './token-claims.js';

/**
 * Changes what a principal is made of; gets the claims of the token or answer as well. One that throws, or returns what
 * makes no principal (a promise, say), is a bug: 500, and an event that names the handler.
 */
export type MapPrincipal = (init: PrincipalInit, claims: TokenClaims) => PrincipalInit;

/**
 * The principal that claims name, as the user's mapping changes it; `undefined` when neither names anybody. How the
 * token was proved, whose it is, whom it is for and when it ends cannot be mapped away.
 * @throws what the mapping throws, and {TypeError} for what it should not return: no verdict about the token
 */
export function mappedPrincipal(
  init: PrincipalInit,
  claims: TokenClaims,
  map: MapPrincipal | undefined,
): Principal | undefined {
  const { issuer, audience, expiresAt, confirmation, via, subject } = init;
  const mapped = map === undefined ? init : checked(answerOf(map, init, claims));
  if (subject === '' && mapped.subject === '') return undefined;
  return createPrincipal(map === undefined ? init : { ...mapped, issuer, audience, expiresAt, confirmation, via });
}

function answerOf(map: MapPrincipal, init: PrincipalInit, claims: TokenClaims): unknown {
  try {
    return map(init, claims);
  } catch (error) {
    // To the handlers, such an error means that the authorization server is out of order.
    throw error instanceof UpstreamError
      ? new TypeError('mapPrincipal threw an UpstreamError', { cause: error })
      : error;
  }
}

/** Refuses misspelt members, which would be dropped in silence. The values are checked where the principal is made. */
function checked(mapped: unknown): PrincipalInit {
  if (mapped instanceof Promise) mapped.catch(() => {});
  const isObject = typeof mapped === 'object' && mapped !== null;
  if (!isObject || !Object.keys(mapped).every((name) => Object.hasOwn(MEMBERS, name))) {
    throw new TypeError('mapPrincipal must return the members of a principal, and no others');
  }
  return mapped as PrincipalInit;
}

const MEMBERS: Readonly<Record<keyof PrincipalInit, true>> = {
  kind: true,
  issuer: true,
  subject: true,
  clientId: true,
  scopes: true,
  roles: true,
  audience: true,
  claims: true,
  expiresAt: true,
  issuedAt: true,
  authenticatedAt: true,
  acr: true,
  amr: true,
  confirmation: true,
  via: true,
};
