import { authenticated, createPrincipal, denied, unavailable, type Verdict } from '@sallyport/core';
import {
  type ClaimExpectations,
  mistypedClaim,
  principalInit,
  type TokenClaims,
  unmetExpectation,
} from '../token-claims.js';

/**
 * What an answer means (RFC 7662 2.2). Only `active: true` counts, and only for an access token; an answer that
 * breaks the format is the authorization server's fault and says nothing about the token.
 */
export function verdictOf(answer: TokenClaims, expected: ClaimExpectations, proof: { name: string }): Verdict {
  if (typeof answer['active'] !== 'boolean') return unavailable('introspection_answer_unusable');
  if (!answer['active']) return denied('token_inactive');
  if (mistypedClaim(answer) !== undefined) return unavailable('introspection_answer_unusable');
  if (!isAccessToken(answer)) return denied('token_type_refused');
  if (answer['cnf'] !== undefined) return denied('confirmation_unproved');
  const unmet = unmetExpectation(answer, expected);
  if (unmet !== undefined) return denied(unmet.reason);
  const init = principalInit(answer);
  if (init.subject === '') return unavailable('introspection_answer_unusable');
  return authenticated(createPrincipal({ ...init, via: [{ handler: proof.name, scheme: 'bearer' }] }));
}

/** A refresh token can be active, too (RFC 7662 2.1); only a bearer access token is let in. */
function isAccessToken({ token_type: type, token_use: use }: TokenClaims): boolean {
  const isBearer = type === undefined || (typeof type === 'string' && type.toLowerCase() === 'bearer');
  return isBearer && (use === undefined || use === 'access_token');
}
