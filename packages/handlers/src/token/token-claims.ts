import type { PrincipalInit } from '@sallyport/core';

/** Claims that a JWT access token and an introspection answer share (RFC 7519 4.1, RFC 7662 2.2, RFC 9068 2.2). */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** What a token's claims must say. */
export interface ClaimExpectations {
  readonly issuer?: string | undefined;
  readonly audience?: readonly string[] | undefined;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly clockToleranceSeconds: number;
}

/** `mistyped`: a claim has the wrong type, which is a fault of its issuer. `refused`: the token is not good here. */
export type ClaimProblem = { readonly kind: 'mistyped' | 'refused'; readonly reason: string };

const MAX_TEXT_BYTES = 512;
/** The last second of the year 9999. A greater number was meant as milliseconds or as "never". */
const MAX_NUMERIC_DATE = 253_402_300_799;
const CONTROL_CHARACTER = /\p{Cc}/u;

type TypeRule = (value: unknown) => boolean;

const isText: TypeRule = (value) =>
  typeof value === 'string' &&
  value !== '' &&
  Buffer.byteLength(value) <= MAX_TEXT_BYTES &&
  !CONTROL_CHARACTER.test(value);
/** Fractions are allowed (RFC 7519 2); 1e999 is none, for it reads as infinity. */
const isNumericDate: TypeRule = (value) => typeof value === 'number' && value > 0 && value <= MAX_NUMERIC_DATE;
const isAudience: TypeRule = (value) =>
  typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'));

const TYPES: readonly (readonly [name: string, isRight: TypeRule])[] = [
  ['iss', isText],
  ['sub', isText],
  ['client_id', isText],
  ['jti', isText],
  ['username', isText],
  ['aud', isAudience],
  ['exp', isNumericDate],
  ['nbf', isNumericDate],
  ['iat', isNumericDate],
  ['auth_time', isNumericDate],
];

/** The first registered claim of the wrong type. */
export function mistypedClaim(claims: TokenClaims): ClaimProblem | undefined {
  for (const [name, isRight] of TYPES) {
    const value = claims[name];
    if (value !== undefined && !isRight(value)) return { kind: 'mistyped', reason: `claim_${name}_mistyped` };
  }
  return undefined;
}

/** The first expectation that the claims, all of the right type, do not meet. Absent times and issuers pass. */
export function unmetExpectation(claims: TokenClaims, expected: ClaimExpectations): ClaimProblem | undefined {
  const { issuer, audience, now, clockToleranceSeconds } = expected;
  const { exp, nbf, iat, iss } = claims as Record<string, number | undefined> & { iss?: string };
  if (exp !== undefined && exp <= now - clockToleranceSeconds) return refused('token_expired');
  if (nbf !== undefined && nbf > now + clockToleranceSeconds) return refused('token_not_yet_valid');
  if (iat !== undefined && iat > now + clockToleranceSeconds) return refused('token_issued_in_future');
  if (exp !== undefined && iat !== undefined && exp <= iat) return refused('token_lifetime_empty');
  if (issuer !== undefined && iss !== undefined && iss !== issuer) return refused('issuer_mismatch');
  if (audience !== undefined && !audiencesOf(claims).some((name) => audience.includes(name))) {
    return refused('audience_mismatch');
  }
  return undefined;
}

function refused(reason: string): ClaimProblem {
  return { kind: 'refused', reason };
}

export function audiencesOf({ aud }: TokenClaims): readonly string[] {
  if (aud === undefined) return [];
  return (Array.isArray(aud) ? aud : [aud]) as readonly string[];
}

/** A space-separated list (RFC 6749 3.3); anything else means no scopes, which fails where one is needed. */
export function scopesOf(scope: unknown): readonly string[] {
  return typeof scope === 'string' ? scope.split(' ').filter((item) => item !== '') : [];
}

/** The principal that claims name. Without a subject the client itself is the party. */
export function principalInit(claims: TokenClaims): PrincipalInit {
  const { sub, client_id: client } = claims as Record<string, string | undefined>;
  const { exp, iat, auth_time: authenticatedAt } = claims as Record<string, number | undefined>;
  const subject = sub ?? (claims['username'] as string | undefined) ?? client ?? '';
  return {
    kind: subject === client ? 'client' : 'user',
    issuer: claims['iss'] as string | undefined,
    subject,
    clientId: client,
    scopes: scopesOf(claims['scope']),
    audience: audiencesOf(claims),
    expiresAt: exp,
    issuedAt: iat,
    authenticatedAt,
    acr: typeof claims['acr'] === 'string' ? claims['acr'] : undefined,
    amr: Array.isArray(claims['amr']) ? claims['amr'].filter((item) => typeof item === 'string') : undefined,
    claims,
  };
}
