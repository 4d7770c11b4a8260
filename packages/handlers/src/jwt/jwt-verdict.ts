import { authenticated, type Denied, denied, type PrincipalInit, type Verdict } from '@sallyport/core';
import { FoundedVerdict, isVerdict } from '@sallyport/core/extend';
import { openJws } from '../jose/open-jws.js';
import { mappedPrincipal } from '../token/principal-mapping.js';
import { mistypedClaim, principalInit, scopesOf, type TokenClaims, unmetExpectation } from '../token/token-claims.js';
import { claimsKeep } from './claim-rules.js';
import type { Issuer } from './issuer.js';
import type { IssuerSettings } from './trusted-issuer.js';

/** Under which circumstances a token is verified. */
export interface Verification {
  /** The current time in seconds since the epoch. */
  readonly now: () => number;
  readonly clockToleranceSeconds: number;
  /** The name of the handler that proves the token. */
  readonly handler: string;
  /** Told about headers that offer a key. */
  readonly onKeyOffer: () => void;
}

/** Under which circumstances claims are judged. */
interface Circumstances {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly clockToleranceSeconds: number;
  /** The token's header said that it is an access token (RFC 9068 2.1). */
  readonly isAccessToken: boolean;
  /** The name of the handler that proves the token. */
  readonly handler: string;
}

export const ISSUER_UNKNOWN: Denied = denied('issuer_unknown');
export const REVOKED: Denied = denied('token_revoked');
/** It ended while something else was waited for. */
export const EXPIRED: Denied = denied('token_expired');

const MISSING = denied('claim_missing');
const NO_ACCESS_TOKEN = denied('access_token_shape_missing');
const TOO_OLD = denied('token_too_old');
const CLIENT = denied('client_mismatch');
const RULE_BROKEN = denied('claim_rule_broken');
const UNPROVED = denied('confirmation_unproved');

/** RFC 9068 2.2; what is no `at+jwt` promises less. */
const REQUIRED_OF_ACCESS_TOKENS = ['sub', 'client_id', 'iat', 'jti'];
const REQUIRED_OF_OTHERS = ['sub', 'iat'];

/**
 * Verifies a token of an issuer (RFC 7519 7.2, RFC 9068 4): first the signature, then the claims.
 * @throws {UpstreamError} when the issuer's keys cannot be had
 */
export async function verifyToken(
  token: string,
  issuer: Pick<Issuer, 'settings' | 'headerRules' | 'keys'>,
  verification: Verification,
  address: string | undefined,
): Promise<Verdict | FoundedVerdict> {
  const { clockToleranceSeconds, handler, onKeyOffer } = verification;
  const opened = await openJws(token, { ...issuer, onKeyOffer, address });
  if (isVerdict(opened)) return opened;
  const { claims, header, key } = opened;
  const circumstances = {
    now: verification.now(),
    clockToleranceSeconds,
    isAccessToken: header.isAccessToken,
    handler,
  };
  return new FoundedVerdict(tokenVerdict(claims, issuer.settings, circumstances), key);
}

/** What claims, whose signature was right, are worth (RFC 9068 4, RFC 7519 4.1). */
function tokenVerdict(claims: TokenClaims, settings: IssuerSettings, circumstances: Circumstances): Verdict {
  const refusal = formRefusal(claims, settings, circumstances) ?? valueRefusal(claims, settings, circumstances);
  if (refusal !== undefined) return refusal;
  const init = { ...initOf(claims, settings), via: [{ handler: circumstances.handler, scheme: 'bearer' }] };
  const principal = mappedPrincipal(init, claims, settings.mapPrincipal);
  return principal === undefined ? MISSING : authenticated(principal);
}

/** Which claims are there, and of which type. */
function formRefusal(
  claims: TokenClaims,
  settings: IssuerSettings,
  { isAccessToken }: Circumstances,
): Denied | undefined {
  const mistyped = mistypedClaim(claims);
  if (mistyped !== undefined) return denied(mistyped.reason);
  const isThere = (name: string) => (claims[name] ?? undefined) !== undefined;
  const required = settings.requiredClaims ?? (isAccessToken ? REQUIRED_OF_ACCESS_TOKENS : REQUIRED_OF_OTHERS);
  if (isThere('iss') === settings.allowMissingIssuer) return MISSING;
  if (!(isThere('exp') || settings.allowMissingExpiry) || !required.every(isThere)) return MISSING;
  const shape = settings.accessTokenClaims ?? ['client_id', ...(settings.scopeClaims ?? ['scope'])];
  return isAccessToken || shape.some(isThere) ? undefined : NO_ACCESS_TOKEN;
}

/** What the claims say. */
function valueRefusal(claims: TokenClaims, settings: IssuerSettings, circumstances: Circumstances): Denied | undefined {
  const { issuer, audience, maxTokenAgeSeconds } = settings;
  const { now, clockToleranceSeconds } = circumstances;
  const unmet = unmetExpectation(claims, { issuer, audience, now, clockToleranceSeconds });
  if (unmet !== undefined) return denied(unmet.reason);
  if (settings.clients !== undefined && !isOfClient(claims, settings.clients)) return CLIENT;
  const age = now - clockToleranceSeconds - (claims['iat'] as number);
  if (maxTokenAgeSeconds !== undefined && !(age <= maxTokenAgeSeconds)) return TOO_OLD;
  // Nothing that a bearer sends proves possession of a key (RFC 7800 3.1), so a bound token is not good here.
  if (claims['cnf'] !== undefined) return UNPROVED;
  const { claimRules } = settings;
  return claimRules === undefined || claimsKeep(claimRules, claims) ? undefined : RULE_BROKEN;
}

/** The client to which a token was issued (RFC 9068 2.2; `azp` of OpenID Connect Core 2). Both agree where both are there. */
function isOfClient(claims: TokenClaims, clients: readonly string[]): boolean {
  const named = [claims['client_id'], claims['azp']].filter(
    (value) => value !== undefined && value !== null && value !== '',
  );
  return named.length > 0 && named.every((client) => typeof client === 'string' && clients.includes(client));
}

function initOf(claims: TokenClaims, settings: IssuerSettings): PrincipalInit {
  const { scopeClaims, rolesClaims } = settings;
  return {
    ...principalInit(claims),
    issuer: settings.issuer,
    expiresAt: endOf(claims, settings),
    scopes: scopeClaims === undefined ? scopesOf(claims['scope']) : wordsOf(claims, scopeClaims),
    roles: wordsOf(claims, rolesClaims),
  };
}

/** When a token ends: with its `exp` or with its greatest age, lest it be remembered for longer than either. */
function endOf({ exp, iat }: TokenClaims, { maxTokenAgeSeconds }: IssuerSettings): number | undefined {
  if (maxTokenAgeSeconds === undefined) return exp as number | undefined;
  const oldest = (iat as number) + maxTokenAgeSeconds;
  return exp === undefined ? oldest : Math.min(exp as number, oldest);
}

/** The words that some claims hold together: each a text of words or a list of texts; anything else holds none. */
function wordsOf(claims: TokenClaims, names: readonly string[]): readonly string[] {
  const words = names.flatMap((name) => {
    const value = claims[name];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string' && item !== '') : scopesOf(value);
  });
  return [...new Set(words)];
}
