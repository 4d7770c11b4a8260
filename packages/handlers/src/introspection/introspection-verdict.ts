import {
  authenticated,
  type Denied,
  denied,
  type Unavailable,
  unavailable,
  type Verdict,
  type Via,
} from '@sallyport/core';
import type { SecurityRequest } from '@sallyport/core/extend';
import { confirmationOf, isConfirmed } from '../confirmation/confirmation.js';
import { type MapPrincipal, mappedPrincipal } from '../token/principal-mapping.js';
import {
  type ClaimExpectations,
  mistypedClaim,
  principalInit,
  type TokenClaims,
  unmetExpectation,
} from '../token/token-claims.js';

/** What an answer has to keep to, and who judges it. */
export interface AnswerRules extends Omit<ClaimExpectations, 'now'> {
  readonly requireIssuer: boolean;
  readonly audienceOptional: boolean;
  readonly mapPrincipal: MapPrincipal | undefined;
  /** How the token is proved. Frozen, because all principals share it. */
  readonly via: readonly Via[];
}

/** An answer breaks its format. */
export const ANSWER_UNUSABLE: Unavailable = unavailable('introspection_answer_unusable');
/** A signed answer is not what it should be. */
export const ANSWER_UNVERIFIED: Unavailable = unavailable('introspection_answer_unverified');

/** It ended while something else was waited for. */
export const EXPIRED: Denied = denied('token_expired');

const INACTIVE = denied('token_inactive');
const WRONG_TYPE = denied('token_type_refused');
const UNPROVED = denied('confirmation_unproved');
const NO_ISSUER = denied('issuer_missing');

/**
 * What an answer means (RFC 7662 2.2). Only `active: true` counts, and only for an access token; an answer that
 * breaks the format is the authorization server's fault and says nothing about the token. `now` is in seconds.
 */
export function verdictOf(answer: TokenClaims, rules: AnswerRules, now: number): Verdict {
  const { active, cnf, iss } = answer;
  const { issuer, clockToleranceSeconds } = rules;
  if (typeof active !== 'boolean') return ANSWER_UNUSABLE;
  if (!active) return INACTIVE;
  if (mistypedClaim(answer) !== undefined || !TEXTS.every((name) => isTextOrAbsent(answer[name])))
    return ANSWER_UNUSABLE;
  if (!isAccessToken(answer)) return WRONG_TYPE;
  if (confirmationOf(cnf) === 'unknown') return UNPROVED;
  if (rules.requireIssuer && iss === undefined) return NO_ISSUER;
  const audience = isAudienceWaived(answer, rules) ? undefined : rules.audience;
  const unmet = unmetExpectation(answer, { issuer, audience, now, clockToleranceSeconds });
  return unmet === undefined ? principalVerdict(answer, rules) : denied(unmet.reason);
}

const TEXTS = ['scope', 'token_type', 'token_use'];

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isAudienceWaived({ aud }: TokenClaims, { audienceOptional }: AnswerRules): boolean {
  return aud === undefined && audienceOptional;
}

/** A refresh token can be active, too (RFC 7662 2.1); only a bearer access token is let in. */
function isAccessToken({ token_type: type, token_use: use }: TokenClaims): boolean {
  const isBearer = type === undefined || (typeof type === 'string' && type.toLowerCase() === 'bearer');
  return isBearer && (use === undefined || use === 'access_token');
}

/** The issuer is the one that was asked, also where its answer does not repeat the name: identity and revocations need it. */
function principalVerdict(answer: TokenClaims, { mapPrincipal, via, issuer }: AnswerRules): Verdict {
  const confirmation = confirmationOf(answer['cnf']);
  const init = principalInit(answer);
  const proved = {
    ...init,
    issuer: init.issuer ?? issuer,
    confirmation: confirmation === 'unknown' ? undefined : confirmation,
    via,
  };
  const principal = mappedPrincipal(proved, answer, mapPrincipal);
  return principal === undefined ? ANSWER_UNUSABLE : authenticated(principal);
}

/** Some servers repeat the token in their answer. It belongs into no principal, and so into no store, log or trace. */
export function withoutToken(answer: TokenClaims, token: string): TokenClaims {
  const members = Object.entries(answer);
  const kept = members.filter(([, value]) => value !== token);
  return kept.length === members.length ? answer : Object.assign(Object.create(null), Object.fromEntries(kept));
}

/** Possession is a matter of each request, also where the answer is remembered (RFC 8705 3). */
export function confirmed(verdict: Verdict, request: SecurityRequest): Verdict {
  if (verdict.kind !== 'authenticated') return verdict;
  const { confirmation } = verdict.principal;
  return confirmation === undefined || isConfirmed(confirmation, request) ? verdict : UNPROVED;
}
