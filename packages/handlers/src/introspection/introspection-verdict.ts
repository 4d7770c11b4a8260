import { authenticated, type Denied, denied, type Unavailable, unavailable, type Verdict } from '@sallyport/core';
import { andThen, type Eventually, isVerdict } from '@sallyport/core/extend';
import { readConfirmation } from '../confirmation/confirmation.js';
import { isAbsent } from '../token/claim-text.js';
import {
  type ClaimNames,
  type ProvedBy,
  principalInit,
  SUBJECT_CLAIMS,
  subjectProblem,
} from '../token/claimed-principal.js';
import { oneOf, said, typeOf } from '../token/details.js';
import { type Mapping, type MappingCaller, mappedPrincipal } from '../token/principal-mapping.js';
import {
  type ClaimExpectations,
  mistypedClaim,
  type ReadClaims,
  type RegisteredClaim,
  readClaims,
  type TokenClaims,
  unmetExpectation,
} from '../token/token-claims.js';

/** The rules for an answer, and how a principal is made of it. */
export interface AnswerRules extends Omit<ClaimExpectations, 'now'>, Mapping {
  readonly requireIssuer: boolean;
  readonly audienceOptional: boolean;
  readonly scopeClaims: readonly string[];
  readonly rolesClaims: readonly string[];
  /** How the token is proved: by the scheme that a token has to come with. */
  readonly via: ProvedBy;
}

/** An answer breaks its format. */
export function answerUnusable(detail: string): Unavailable {
  return unavailable('introspection_answer_unusable', { detail });
}

/** A signed answer is not what it should be. */
export function answerUnverified(detail: string): Unavailable {
  return unavailable('introspection_answer_unverified', { detail });
}

/** The token expired while the decision waited for something else. */
export const EXPIRED: Denied = denied('token_expired');

const INACTIVE = denied('token_inactive');
const UNSUPPORTED = denied('token_type_unsupported');

/** Servers that do not know RFC 9470 6.2 may write anything there. A wrong value is ignored: it grants nothing. */
const UNUSED = ['auth_time'];

/**
 * What an answer means (RFC 7662 2.2). Only `active: true` counts, and only for an access token; an answer that
 * breaks the format is the authorization server's fault and says nothing about the token. `now` is in seconds.
 */
export function verdictOf(
  answer: TokenClaims,
  rules: AnswerRules,
  now: number,
  caller: MappingCaller,
): Eventually<Verdict> {
  const { active } = answer;
  if (isUnsupported(answer)) return UNSUPPORTED;
  if (typeof active !== 'boolean') return answerUnusable(`active is ${kindOf(active)}, expected true or false`);
  if (!active) return INACTIVE;
  const claims = readClaims(answer);
  const unreadable = unreadableMember(claims);
  return unreadable === undefined
    ? (refusalOf(claims, rules, now) ?? principalVerdict(answer, claims, rules, caller))
    : answerUnusable(unreadable);
}

/** What the members of a readable answer say against the token. */
function refusalOf(claims: ReadClaims, rules: AnswerRules, now: number): Denied | undefined {
  const { iss, token_type: type, token_use: use } = claims;
  if (!isAccessToken(claims)) {
    return denied('token_type_refused', { detail: `${said('token_type', type)}, ${said('token_use', use)}` });
  }
  if (rules.requireIssuer && iss === undefined) return denied('issuer_missing', { detail: said('iss', iss) });
  const audience = isAudienceWaived(claims, rules) ? undefined : rules.audience;
  const unmet = unmetExpectation(claims, {
    issuer: rules.issuer,
    audience,
    now,
    clockToleranceSeconds: rules.clockToleranceSeconds,
    issuedAheadToleranceSeconds: rules.issuedAheadToleranceSeconds,
  });
  return unmet && denied(unmet.reason, { detail: unmet.detail });
}

/** The server does not introspect tokens of such a form, and so knows none of them (RFC 7009 2.2.1). */
export function isUnsupported({ active, error }: TokenClaims): boolean {
  return active === undefined && error === 'unsupported_token_type';
}

const TEXTS: readonly RegisteredClaim[] = ['token_type', 'token_use'];

function unreadableMember(claims: ReadClaims): string | undefined {
  const name = TEXTS.find((each) => claims[each] !== undefined && typeof claims[each] !== 'string');
  return name === undefined
    ? mistypedClaim(claims, UNUSED)?.detail
    : `${name} is ${typeOf(claims[name])}, expected a text`;
}

function kindOf(value: unknown): string {
  return value === undefined ? 'missing' : typeOf(value);
}

function isAudienceWaived({ aud }: ReadClaims, { audienceOptional }: AnswerRules): boolean {
  return aud === undefined && audienceOptional;
}

/** What is no access token, or none that its bearer may use without a proof (RFC 6749 7.1, RFC 8693 3, RFC 9449 5). */
const OTHER_KINDS = /refresh|offline|logout|code|saml|^id([-_ ]?token)?$|^(n_a|mac|pop|hok)$/;

/**
 * A refresh token can be active, too (RFC 7662 2.1). Servers have many names for an access token, such as the URIs of RFC
 * 8693 3; what is let in is everything that is not named as something else.
 */
function isAccessToken({ token_type: type, token_use: use, cnf }: ReadClaims): boolean {
  return ![type, use].some((name) => {
    const kind = typeof name === 'string' ? lastPartOf(name) : '';
    return OTHER_KINDS.test(kind) || (kind === 'dpop' && !isForDpop(cnf));
  });
}

/** A token of the type DPoP names its key (RFC 9449 6.2), which is then proved. Without a key anybody could use it. */
function isForDpop(cnf: unknown): boolean {
  return typeof cnf === 'object' && cnf !== null && !isAbsent((cnf as TokenClaims)['jkt']);
}

function lastPartOf(name: string): string {
  return name.trim().toLowerCase().split(':').at(-1) ?? '';
}

/**
 * Without `iss` in the answer, the issuer is the server that was asked. The identity and revocations need an issuer.
 */
function principalVerdict(
  answer: TokenClaims,
  claims: ReadClaims,
  rules: AnswerRules,
  caller: MappingCaller,
): Eventually<Verdict> {
  const { via, issuer } = rules;
  const confirmation = readConfirmation(claims.cnf);
  if (isVerdict(confirmation)) return confirmation;
  const names = namesOf(rules);
  const init = principalInit(answer, names, claims, {
    issuer: (claims.iss as string | undefined) ?? issuer,
    confirmation,
    via: confirmation?.['jkt'] === undefined ? via.bearer : via.dpop,
  });
  return andThen(mappedPrincipal(init, answer, rules, caller), (mapped) => {
    if (mapped === undefined) return answerUnusable(nobodyNamed(answer, names));
    return isVerdict(mapped) ? mapped : authenticated(mapped);
  });
}

function nobodyNamed(answer: TokenClaims, names: ClaimNames): string {
  return subjectProblem(answer, names)?.detail ?? `it names nobody: ${oneOf(names.subject)} has to be there`;
}

function namesOf({ scopeClaims: scopes, rolesClaims: roles }: AnswerRules): ClaimNames {
  return { subject: SUBJECT_CLAIMS, scopes, roles };
}

/**
 * Removes the token, which some servers repeat in their answer. It must not get into principals, stores, logs and
 * traces.
 */
export function withoutToken(answer: TokenClaims, token: string): TokenClaims {
  if (!Object.values(answer).includes(token)) return answer;
  const kept = Object.entries(answer).filter(([, value]) => value !== token);
  return Object.assign(Object.create(null), Object.fromEntries(kept));
}
