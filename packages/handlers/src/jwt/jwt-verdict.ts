import { authenticated, type Denied, denied, type PrincipalInit, type Verdict } from '@sallyport/core';
import { andThen, type Clock, type Eventually, FoundedVerdict, isVerdict, type SentJson } from '@sallyport/core/extend';
import { readConfirmation } from '../confirmation/confirmation.js';
import { openJws } from '../jose/open-jws.js';
import { isAbsent, isText } from '../token/claim-text.js';
import { claimAt } from '../token/claim-words.js';
import { type ClaimNames, principalInit, SUBJECT_CLAIMS, subjectProblem } from '../token/claimed-principal.js';
import { listed, oneOf, said, unlike } from '../token/details.js';
import type { MappingFailure } from '../token/mapping-failure.js';
import { mappedPrincipal } from '../token/principal-mapping.js';
import {
  type ClaimProblem,
  farDate,
  mistypedClaim,
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
  /** The name of the handler that proves the token. */
  readonly handler: string;
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
interface Circumstances extends Pick<Verification, 'clock' | 'handler' | 'onMappingFailure'> {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly clockToleranceSeconds: number;
  readonly issuedAheadToleranceSeconds: number | undefined;
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
const DATES = ['exp', 'nbf', 'iat', 'auth_time'];

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
    const circumstances = { ...verification, now: now(), isAccessToken: header.isAccessToken, sender };
    return andThen(tokenVerdict(claims, settings, circumstances), (verdict) => new FoundedVerdict(verdict, key));
  });
}

/** What claims, whose signature was right, are worth (RFC 9068 4, RFC 7519 4.1). */
function tokenVerdict(sent: TokenClaims, settings: IssuerSettings, circumstances: Circumstances): Eventually<Verdict> {
  const claims = readClaims(sent);
  const refusal =
    formRefusal({ sent, claims }, settings, circumstances) ?? valueRefusal({ sent, claims }, settings, circumstances);
  if (refusal !== undefined) return refusal;
  const confirmation = readConfirmation(claims['cnf']);
  if (isVerdict(confirmation)) return confirmation;
  const names = namesOf(settings);
  const scheme = confirmation?.['jkt'] === undefined ? 'bearer' : 'dpop';
  const via = [{ handler: circumstances.handler, scheme }];
  const init = { ...principalInit(sent, names), issuer: settings.issuer, confirmation, via };
  const expiresAt = endOf(init, settings);
  const { clock, clockToleranceSeconds, sender, onMappingFailure: onFailure } = circumstances;
  const caller = { waiters: sender.waiters, credentials: [sender.token], onFailure };
  const pending = mappedPrincipal({ ...init, expiresAt }, sent, { ...settings, clock }, caller);
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
  readonly claims: TokenClaims;
}

/** Which claims are there, and of which type. */
function formRefusal(
  { sent, claims }: Claims,
  settings: IssuerSettings,
  { isAccessToken }: Circumstances,
): Denied | undefined {
  const required = settings.requiredClaims ?? (isAccessToken ? REQUIRED_OF_ACCESS_TOKENS : REQUIRED_OF_OTHERS);
  const dates = settings.allowExpiryBeyondYear9999 ? DATES.filter((name) => name !== 'exp') : DATES;
  const problem = mistypedClaim(claims, unusedClaims(required, isAccessToken)) ?? farDate(claims, dates);
  if (problem !== undefined) return refusalOf(problem);
  const { allowMissingIssuer, allowMissingExpiry } = settings;
  const needed = [allowMissingIssuer ? [] : 'iss', allowMissingExpiry ? [] : 'exp', required].flat();
  const absent = needed.filter((name) => isAbsent(sent[name]));
  if (absent.length > 0) return missing(absent);
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
  const client = required.includes('client_id') ? [] : ['client_id'];
  return isAccessToken ? client : [...client, 'auth_time'];
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
  const unmet = unmetExpectation(claims, { ...circumstances, issuer, audience });
  if (unmet !== undefined) return refusalOf(unmet);
  if (settings.clients !== undefined && !isOfClient({ sent, claims }, settings.clients)) {
    const clientId = claims['client_id'];
    const detail = `${said('azp', sent['azp'])}; ${unlike('client_id', clientId, settings.clients)}`;
    return denied('client_mismatch', { detail });
  }
  const age = circumstances.now - circumstances.clockToleranceSeconds - (claims['iat'] as number);
  if (maxTokenAgeSeconds !== undefined && !(age <= maxTokenAgeSeconds)) {
    const detail = `${said('iat', claims['iat'])}, now is ${circumstances.now}, at most ${maxTokenAgeSeconds} s are allowed`;
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
  return { subject: requiredClaims === undefined ? ['sub'] : SUBJECT_CLAIMS, scopes, roles };
}

/** When a token ends: with its `exp` or with its greatest age, lest it be remembered for longer than either. */
function endOf({ expiresAt, issuedAt }: PrincipalInit, { maxTokenAgeSeconds }: IssuerSettings): number | undefined {
  if (maxTokenAgeSeconds === undefined) return expiresAt;
  return Math.min((issuedAt as number) + maxTokenAgeSeconds, expiresAt ?? Number.POSITIVE_INFINITY);
}
