import { authenticated, type Denied, denied, type Verdict } from '@sallyport/core';
import { andThen, type Clock, type Eventually, FoundedVerdict, isVerdict, type SentJson } from '@sallyport/core/extend';
import { readConfirmation } from '../confirmation/confirmation.js';
import { openJws } from '../jose/open-jws.js';
import { isAbsent, isText } from '../token/claim-text.js';
import { claimAt } from '../token/claim-words.js';
import {
  type ClaimNames,
  type ProvedBy,
  principalInit,
  SUBJECT_CLAIMS,
  subjectProblem,
} from '../token/claimed-principal.js';
import { listed, oneOf, said, unlike } from '../token/details.js';
import type { MappingFailure } from '../token/mapping-failure.js';
import { mappedPrincipal } from '../token/principal-mapping.js';
import {
  type ClaimProblem,
  farDate,
  mistypedClaim,
  type ReadClaims,
  type RegisteredClaim,
  readClaims,
  type TokenClaims,
  unmetExpectation,
} from '../token/token-claims.js';
import { brokenRule } from './claim-rules.js';
import type { Issuer } from './issuer.js';
import type { TokenSender } from './issuer-resolver.js';
import type { IssuerSettings } from './trusted-issuer.js';

/** Under which circumstances a token is verified. */
export interface Verification {
  /** The current time in seconds since the epoch. */
  readonly now: () => number;
  readonly clock: Clock;
  readonly clockToleranceSeconds: number;
  readonly issuedAheadToleranceSeconds: number | undefined;
  /** How the token is proved: by the scheme that it has to come with. */
  readonly via: ProvedBy;
  /** Told about headers that offer a key. */
  readonly onKeyOffer: () => void;
  /** Told about a mapping that makes no principal. */
  readonly onMappingFailure: (failure: MappingFailure) => void;
}

/** A signed token, and its payload if somebody has read that already. */
export interface SignedToken {
  readonly token: string;
  readonly payload: SentJson | undefined;
}

/** Under which circumstances claims are judged. */
interface Circumstances {
  readonly verification: Verification;
  /** Seconds since the epoch. */
  readonly now: number;
  /** The token's header said that it is an access token (RFC 9068 2.1). */
  readonly isAccessToken: boolean;
  readonly sender: TokenSender;
}

export const REVOKED: Denied = denied('token_revoked');
/** It ended while something else was waited for. */
export const EXPIRED: Denied = denied('token_expired');

/** RFC 9068 2.2, besides a subject; what is no `at+jwt` promises less. */
const REQUIRED_OF_ACCESS_TOKENS = ['client_id', 'iat', 'jti'];
const REQUIRED_OF_OTHERS = ['iat'];
const DATES: readonly RegisteredClaim[] = ['exp', 'nbf', 'iat', 'auth_time'];
const DATES_BUT_EXP = DATES.filter((name) => name !== 'exp');
const NONE: readonly string[] = [];
const CLIENT_ID = ['client_id'];
const AUTH_TIME = ['auth_time'];
const CLIENT_ID_AND_AUTH_TIME = ['client_id', 'auth_time'];
const SUB: readonly RegisteredClaim[] = ['sub'];

/**
 * Verifies a token of an issuer (RFC 7519 7.2, RFC 9068 4): first the signature, then the claims.
 * @throws {UpstreamError} when the issuer's keys cannot be had
 */
export function verifyToken(
  { token, payload }: SignedToken,
  issuer: Pick<Issuer, 'settings' | 'headerRules' | 'keys'>,
  verification: Verification,
  sender: TokenSender,
): Eventually<Verdict | FoundedVerdict> {
  const { headerRules, keys, settings } = issuer;
  const { onKeyOffer, now } = verification;
  const opening = openJws(token, { headerRules, keys, onKeyOffer, address: sender.address }, payload);
  return andThen(opening, (opened) => {
    if (isVerdict(opened)) return opened;
    const { claims, header, key } = opened;
    const circumstances = { verification, now: now(), isAccessToken: header.isAccessToken, sender };
    return andThen(tokenVerdict(claims, settings, circumstances), (verdict) => new FoundedVerdict(verdict, key));
  });
}

/** What claims, whose signature was right, are worth (RFC 9068 4, RFC 7519 4.1). */
function tokenVerdict(sent: TokenClaims, settings: IssuerSettings, circumstances: Circumstances): Eventually<Verdict> {
  const claims = readClaims(sent);
  const both = { sent, claims };
  const refusal = formRefusal(both, settings, circumstances) ?? valueRefusal(both, settings, circumstances);
  if (refusal !== undefined) return refusal;
  const confirmation = readConfirmation(claims.cnf);
  if (isVerdict(confirmation)) return confirmation;
  const names = namesOf(settings);
  const { sender, verification } = circumstances;
  const { clock, clockToleranceSeconds, onMappingFailure: onFailure, via: proved } = verification;
  const via = confirmation?.['jkt'] === undefined ? proved.bearer : proved.dpop;
  const { issuer, mapPrincipal, mapPrincipalTimeoutMs } = settings;
  const init = principalInit(sent, names, claims, { issuer, confirmation, via, endsAt: endOf(claims, settings) });
  const { expiresAt } = init;
  const mapping = { mapPrincipal, mapPrincipalTimeoutMs, clock };
  const caller = { waiters: sender.waiters, credentials: [sender.token], onFailure };
  const pending = mappedPrincipal(init, sent, mapping, caller);
  // In the time that a mapping takes, a token may end.
  const takesTime = pending instanceof Promise;
  return andThen(pending, (mapped) => {
    if (isVerdict(mapped)) return mapped;
    if (mapped === undefined) return nobodyNamed(sent, names);
    const isOver = takesTime && expiresAt !== undefined && expiresAt <= clock.now() / 1_000 - clockToleranceSeconds;
    return isOver ? EXPIRED : authenticated(mapped);
  });
}

function nobodyNamed(sent: TokenClaims, names: ClaimNames): Denied {
  const problem = subjectProblem(sent, names);
  return problem === undefined ? missing(names.subject) : refusalOf(problem);
}

function refusalOf({ reason, detail }: ClaimProblem): Denied {
  return denied(reason, { detail });
}

function missing(names: readonly string[]): Denied {
  return denied('claim_missing', { detail: `missing: ${listed(names)}` });
}

/** Claims as they were sent, and as they are judged. */
interface Claims {
  readonly sent: TokenClaims;
  readonly claims: ReadClaims;
}

/** Which claims are there, and of which type. */
function formRefusal(
  { sent, claims }: Claims,
  settings: IssuerSettings,
  { isAccessToken }: Circumstances,
): Denied | undefined {
  const required = settings.requiredClaims ?? (isAccessToken ? REQUIRED_OF_ACCESS_TOKENS : REQUIRED_OF_OTHERS);
  const dates = settings.allowExpiryBeyondYear9999 ? DATES_BUT_EXP : DATES;
  const problem = mistypedClaim(claims, unusedClaims(required, isAccessToken)) ?? farDate(claims, dates);
  if (problem !== undefined) return refusalOf(problem);
  const { allowMissingIssuer, allowMissingExpiry } = settings;
  const needsIssuer = !allowMissingIssuer && claims.iss === undefined;
  const needsExpiry = !allowMissingExpiry && claims.exp === undefined;
  if (needsIssuer || needsExpiry || required.some((name) => isAbsent(sent[name]))) {
    const absent = required.filter((name) => isAbsent(sent[name]));
    return missing([needsIssuer ? 'iss' : [], needsExpiry ? 'exp' : [], absent].flat());
  }
  if (allowMissingIssuer && !isAbsent(sent['iss'])) {
    return denied('claim_missing', { detail: `${said('iss', sent['iss'])}, for an entry of tokens without one` });
  }
  return isAccessToken || hasAccessTokenShape({ sent, claims }, settings) ? undefined : noAccessToken(settings);
}

function noAccessToken({ accessTokenClaims, scopeClaims }: IssuerSettings): Denied {
  const signs = accessTokenClaims ?? ['client_id', ...scopeClaims];
  return denied('access_token_shape_missing', { detail: `typ is not at+jwt, so ${oneOf(signs)} has to be there` });
}

/**
 * Names that mean nothing here. An `auth_time` that is no date grants nothing, and only RFC 9068 2.2.1 says what it is: AD FS
 * writes a text.
 */
function unusedClaims(required: readonly string[], isAccessToken: boolean): readonly string[] {
  const needsClient = required.includes('client_id');
  if (isAccessToken) return needsClient ? NONE : CLIENT_ID;
  return needsClient ? AUTH_TIME : CLIENT_ID_AND_AUTH_TIME;
}

/** An empty scope is a sign of an access token, too. */
function hasAccessTokenShape({ sent, claims }: Claims, { accessTokenClaims, scopeClaims }: IssuerSettings): boolean {
  const isThere = (value: unknown) => value !== undefined && value !== null;
  if (accessTokenClaims !== undefined) return accessTokenClaims.some((name) => isThere(sent[name]));
  return isText(claims['client_id']) || scopeClaims.some((name) => isThere(claimAt(sent, name)));
}

/** What the claims say. */
function valueRefusal(
  { sent, claims }: Claims,
  settings: IssuerSettings,
  circumstances: Circumstances,
): Denied | undefined {
  const { issuer, audience, maxTokenAgeSeconds, claimRules } = settings;
  const { now, verification } = circumstances;
  const { clockToleranceSeconds, issuedAheadToleranceSeconds } = verification;
  const unmet = unmetExpectation(claims, { issuer, audience, now, clockToleranceSeconds, issuedAheadToleranceSeconds });
  if (unmet !== undefined) return refusalOf(unmet);
  if (settings.clients !== undefined && !isOfClient({ sent, claims }, settings.clients)) {
    const clientId = claims['client_id'];
    const detail = `${said('azp', sent['azp'])}; ${unlike('client_id', clientId, settings.clients)}`;
    return denied('client_mismatch', { detail });
  }
  const age = now - clockToleranceSeconds - (claims.iat as number);
  if (maxTokenAgeSeconds !== undefined && !(age <= maxTokenAgeSeconds)) {
    const detail = `${said('iat', claims['iat'])}, now is ${now}, at most ${maxTokenAgeSeconds} s are allowed`;
    return denied('token_too_old', { detail });
  }
  const broken = claimRules && brokenRule(claimRules, sent);
  return broken === undefined ? undefined : denied('claim_rule_broken', { detail: broken });
}

/** The client to which a token was issued (RFC 9068 2.2; `azp` of OpenID Connect Core 2). Both agree where both are there. */
function isOfClient({ sent, claims }: Claims, clients: readonly string[]): boolean {
  const named = [claims['client_id'], sent['azp']].filter((value) => !isAbsent(value));
  return named.length > 0 && named.every((client) => typeof client === 'string' && clients.includes(client));
}

/**
 * A token needs a `sub` (RFC 9068 2.2), unless `requiredClaims` says what it needs instead. Where it names nobody, the
 * mapping may.
 */
function namesOf({ requiredClaims, scopeClaims: scopes, rolesClaims: roles }: IssuerSettings): ClaimNames {
  return { subject: requiredClaims === undefined ? SUB : SUBJECT_CLAIMS, scopes, roles };
}

/** When a token of its greatest age ends, lest it be remembered for longer. */
function endOf({ iat }: ReadClaims, { maxTokenAgeSeconds }: IssuerSettings): number | undefined {
  return maxTokenAgeSeconds === undefined ? undefined : (iat as number) + maxTokenAgeSeconds;
}
