import { randomUUID } from 'node:crypto';
import { ownMembers } from '../../options/own-members.js';
import type { Actor, Principal, PrincipalInit } from '../../principal/principal.js';

/** The claims of a token: those of RFC 9068 2.2, RFC 7662 2.2 and any others. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** The lifetime of a token, in seconds, when the principal has no `expiresAt`. */
const LIFETIME_SECONDS = 300;

export interface TokenContext {
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  /** In seconds since the epoch. */
  readonly now: number;
}

/** The claims that make a handler return this principal again. */
export function claimsOf(given: PrincipalInit | Principal, context: TokenContext): TokenClaims {
  const principal = ownMembers(given);
  const { subject, clientId, scopes = [], roles = [], audience = [], expiresAt, issuedAt, claims } = principal;
  return withoutAbsent({
    iss: principal.issuer ?? context.issuer,
    aud: audience.length === 0 ? context.audience : audience,
    sub: subject,
    client_id: clientId ?? context.clientId,
    scope: scopes.length === 0 ? undefined : scopes.join(' '),
    roles: roles.length === 0 ? undefined : roles,
    iat: issuedAt ?? context.now,
    exp: expiresAt ?? context.now + LIFETIME_SECONDS,
    jti: randomUUID(),
    auth_time: principal.authenticatedAt,
    acr: principal.acr,
    act: principal.actor && actOf(principal.actor),
    amr: principal.amr?.length ? principal.amr : undefined,
    ...claims,
  });
}

function actOf({ issuer, subject, clientId, actor }: Actor): TokenClaims {
  return withoutAbsent({ iss: issuer, sub: subject, client_id: clientId, act: actor && actOf(actor) });
}

function withoutAbsent(claims: TokenClaims): TokenClaims {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
