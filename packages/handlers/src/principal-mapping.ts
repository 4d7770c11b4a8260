import {
  between,
  checkOptions,
  createPrincipal,
  listOf,
  oneOf,
  optionalOption,
  type Principal,
  type PrincipalInit,
  text,
  unchecked,
} from '@sallyport/core';
import type { TokenClaims } from './token-claims.js';

/** Changes what a principal is made of; gets the claims of the token or answer as well. */
export type MapPrincipal = (init: PrincipalInit, claims: TokenClaims) => PrincipalInit;

/**
 * The principal that an answer names, as the user's mapping changes it. `undefined` when there is none: nobody is named,
 * or the mapping threw or returned what is no principal (a promise, say). How the token was proved, whose it is, whom
 * it is for and when it ends cannot be mapped away.
 */
export function mappedPrincipal(
  init: PrincipalInit,
  claims: TokenClaims,
  map: MapPrincipal | undefined,
): Principal | undefined {
  try {
    if (map === undefined) return createPrincipal(init);
    const { issuer, audience, expiresAt, confirmation, via } = init;
    return createPrincipal({ ...checked(map(init, claims)), issuer, audience, expiresAt, confirmation, via });
  } catch {
    return undefined;
  }
}

function checked(mapped: unknown): PrincipalInit {
  if (mapped instanceof Promise) mapped.catch(() => {});
  return checkOptions('mapPrincipal', mapped as object, MEMBERS);
}

const texts = optionalOption(listOf(text));
const moment = optionalOption(between(0, Number.MAX_SAFE_INTEGER));

const MEMBERS = {
  kind: optionalOption(oneOf('user', 'client', 'workload')),
  subject: text,
  clientId: optionalOption(text),
  scopes: texts,
  roles: texts,
  claims: unchecked<Record<string, unknown> | undefined>(),
  issuedAt: moment,
  authenticatedAt: moment,
  acr: optionalOption(text),
  amr: texts,
  issuer: unchecked<undefined>(),
  audience: unchecked<undefined>(),
  expiresAt: unchecked<undefined>(),
  confirmation: unchecked<undefined>(),
  via: unchecked<undefined>(),
};
