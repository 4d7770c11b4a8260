import { type Denied, denied } from '@sallyport/core';
import { isAbsent, isText } from '../token/claim-text.js';
import { said, typeOf, unlike } from '../token/details.js';
import {
  audiencesOf,
  type ClaimProblem,
  farDate,
  mistyped,
  mistypedClaim,
  type ReadClaims,
  type RegisteredClaim,
  readClaims,
  type TokenClaims,
  unmetExpectation,
} from '../token/token-claims.js';
import type { LogoutIssuerSettings } from './logout-issuer.js';

/** The member of `events` that makes a token a logout token (Back-Channel Logout 1.0 2.4). */
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** What a logout token says. */
export interface Logout {
  readonly issuer: string;
  readonly subject: string | undefined;
  readonly session: string | undefined;
  readonly jti: string;
  /** When it was issued, and when it is no longer accepted, in seconds since the epoch. */
  readonly issuedAt: number;
  readonly endsAt: number;
}

/** Under which circumstances claims are judged. */
export interface LogoutCircumstances {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly clockToleranceSeconds: number;
  readonly maxTokenAgeSeconds: number;
}

const DATES: readonly RegisteredClaim[] = ['exp', 'nbf', 'iat'];

/** What the claims of a token, whose signature was right, say as those of a logout token (Back-Channel Logout 1.0 2.6). */
export function logoutOf(
  sent: TokenClaims,
  issuer: LogoutIssuerSettings,
  circumstances: LogoutCircumstances,
): Logout | Denied {
  const claims = readClaims(sent);
  return (
    formRefusal(sent, claims, issuer) ??
    valueRefusal(claims, issuer, circumstances) ??
    read(sent, claims, circumstances)
  );
}

function read(sent: TokenClaims, claims: ReadClaims, { clockToleranceSeconds, ...age }: LogoutCircumstances): Logout {
  const { iss, jti, iat, exp } = claims as { iss: string; jti: string; iat: number; exp?: number };
  const end = Math.min(exp ?? Number.POSITIVE_INFINITY, iat + age.maxTokenAgeSeconds);
  return {
    issuer: iss,
    subject: identifierIn(sent, 'sub'),
    session: identifierIn(sent, 'sid'),
    jti,
    issuedAt: iat,
    endsAt: end + clockToleranceSeconds,
  };
}

/** Which claims are there, and of which type. */
function formRefusal(sent: TokenClaims, claims: ReadClaims, issuer: LogoutIssuerSettings): Denied | undefined {
  const problem = mistypedClaim(claims, ['client_id', 'auth_time']) ?? farDate(claims, DATES) ?? mistypedName(sent);
  if (problem !== undefined) return refusalOf(problem);
  const needed = ['iss', 'aud', 'iat', 'jti', ...(issuer.allowMissingExpiry ? [] : ['exp'])];
  const absent = needed.filter((name) => isAbsent(sent[name]));
  if (absent.length > 0) return denied('claim_missing', { detail: `missing: ${absent.join(', ')}` });
  const { events } = sent;
  if (!isObject(events) || !isObject(events[EVENT])) {
    return denied('logout_event_missing', { detail: `events is ${typeOf(events)}, expected an object with ${EVENT}` });
  }
  // What has a nonce is an ID token (Back-Channel Logout 1.0 2.4).
  if ('nonce' in sent) return denied('logout_token_with_nonce');
  const namesNobody = isAbsent(sent['sub']) && isAbsent(sent['sid']);
  return namesNobody ? denied('logout_names_nobody', { detail: 'sub and sid are missing' }) : undefined;
}

/** What the claims say. Whoever else is meant may have sent the token on (OpenID Connect Core 1.0 3.1.3.7). */
function valueRefusal(
  claims: ReadClaims,
  { issuer, clientId: clients }: LogoutIssuerSettings,
  { maxTokenAgeSeconds, ...circumstances }: LogoutCircumstances,
): Denied | undefined {
  const unmet = unmetExpectation(claims, { ...circumstances, issuer, audience: clients });
  if (unmet !== undefined) return refusalOf(unmet);
  if (!audiencesOf(claims).every((audience) => clients.includes(audience))) {
    return denied('audience_mismatch', { detail: unlike('aud', claims['aud'], clients) });
  }
  const { now, clockToleranceSeconds } = circumstances;
  const age = now - clockToleranceSeconds - (claims['iat'] as number);
  if (age <= maxTokenAgeSeconds) return undefined;
  const detail = `${said('iat', claims['iat'])}, now is ${now}, at most ${maxTokenAgeSeconds} s are allowed`;
  return denied('token_too_old', { detail });
}

function mistypedName(sent: TokenClaims): ClaimProblem | undefined {
  const name = ['sub', 'sid'].find((each) => !isAbsent(sent[each]) && identifierIn(sent, each) === undefined);
  return name === undefined ? undefined : mistyped(name, sent[name]);
}

/** A whole number stands for its digits: so it does in the tokens that are meant. */
function identifierIn(sent: TokenClaims, name: string): string | undefined {
  const value = sent[name];
  if (Number.isSafeInteger(value)) return String(value);
  return isText(value) ? value : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refusalOf({ reason, detail }: ClaimProblem): Denied {
  return denied(reason, { detail });
}
