import {
  authenticated,
  type Denied,
  denied,
  type Unavailable,
  unavailable,
  type Verdict,
  type Via,
} from '@sallyport/core';
import { type Eventually, isVerdict, type SecurityRequest } from '@sallyport/core/extend';
import { confirmationOf, isConfirmed } from '../confirmation/confirmation.js';
import { type ClaimNames, principalInit, SUBJECT_CLAIMS } from '../token/claimed-principal.js';
import { type Mapping, mappedPrincipal, whenMapped } from '../token/principal-mapping.js';
import {
  type ClaimExpectations,
  mistypedClaim,
  readClaims,
  type TokenClaims,
  unmetExpectation,
} from '../token/token-claims.js';

/** What an answer has to keep to, and who judges it. */
export interface AnswerRules extends Omit<ClaimExpectations, 'now'>, Mapping {
  readonly requireIssuer: boolean;
  readonly audienceOptional: boolean;
  readonly scopeClaims: readonly string[];
  readonly rolesClaims: readonly string[];
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
const UNSUPPORTED = denied('token_type_unsupported');
const WRONG_TYPE = denied('token_type_refused');
const UNPROVED = denied('confirmation_unproved');
const NO_ISSUER = denied('issuer_missing');

/** RFC 7662 registers no `auth_time`: what it says can grant nothing, so it is no fault of an answer. */
const UNUSED = ['auth_time'];

/**
 * What an answer means (RFC 7662 2.2). Only `active: true` counts, and only for an access token; an answer that
 * breaks the format is the authorization server's fault and says nothing about the token. `now` is in seconds.
 */
export function verdictOf(answer: TokenClaims, rules: AnswerRules, now: number): Eventually<Verdict> {
  const { active } = answer;
  if (isUnsupported(answer)) return UNSUPPORTED;
  if (typeof active !== 'boolean') return ANSWER_UNUSABLE;
  if (!active) return INACTIVE;
  const claims = readClaims(answer);
  if (mistypedClaim(claims, UNUSED) !== undefined || !TEXTS.every((name) => isTextOrAbsent(claims[name])))
    return ANSWER_UNUSABLE;
  if (!isAccessToken(claims)) return WRONG_TYPE;
  if (confirmationOf(claims['cnf']) === 'unknown') return UNPROVED;
  if (rules.requireIssuer && claims['iss'] === undefined) return NO_ISSUER;
  const audience = isAudienceWaived(claims, rules) ? undefined : rules.audience;
  const unmet = unmetExpectation(claims, { ...rules, audience, now });
  return unmet === undefined ? principalVerdict(answer, rules) : denied(unmet.reason);
}

/** The server does not introspect tokens of such a form, and so knows none of them (RFC 7009 2.2.1). */
export function isUnsupported({ active, error }: TokenClaims): boolean {
  return active === undefined && error === 'unsupported_token_type';
}

const TEXTS = ['token_type', 'token_use'];

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isAudienceWaived({ aud }: TokenClaims, { audienceOptional }: AnswerRules): boolean {
  return aud === undefined && audienceOptional;
}

/** What is no access token, or none that its bearer may use without a proof (RFC 6749 7.1, RFC 8693 3, RFC 9449 5). */
const OTHER_KINDS = /refresh|offline|logout|code|saml|^id([-_ ]?token)?$|^(n_a|mac|d?pop|hok)$/;

/**
 * A refresh token can be active, too (RFC 7662 2.1). Servers have many names for an access token, such as the URIs of RFC
 * 8693 3; what is let in is everything that is not named as something else.
 */
function isAccessToken({ token_type: type, token_use: use }: TokenClaims): boolean {
  return ![type, use].some((name) => typeof name === 'string' && OTHER_KINDS.test(kindOf(name)));
}

function kindOf(name: string): string {
  return name.trim().toLowerCase().split(':').at(-1) ?? '';
}

/** The issuer is the one that was asked, also where its answer does not repeat the name: identity and revocations need it. */
function principalVerdict(answer: TokenClaims, rules: AnswerRules): Eventually<Verdict> {
  const { via, issuer } = rules;
  const confirmation = confirmationOf(readClaims(answer)['cnf']);
  const init = principalInit(answer, namesOf(rules));
  const proved = {
    ...init,
    issuer: init.issuer ?? issuer,
    confirmation: confirmation === 'unknown' ? undefined : confirmation,
    via,
  };
  return whenMapped(mappedPrincipal(proved, answer, rules), (mapped) => {
    if (mapped === undefined) return ANSWER_UNUSABLE;
    return isVerdict(mapped) ? mapped : authenticated(mapped);
  });
}

function namesOf({ scopeClaims: scopes, rolesClaims: roles }: AnswerRules): ClaimNames {
  return { subject: SUBJECT_CLAIMS, scopes, roles };
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
