import type { Confirmation, PrincipalInit, Via } from '@sallyport/core';
import { isText } from './claim-text.js';
import { wordsOf } from './claim-words.js';
import { actorOf } from './claimed-actor.js';
import {
  audiencesOf,
  type ClaimProblem,
  isFar,
  mistyped,
  type ReadClaims,
  type RegisteredClaim,
  readClaims,
  type TokenClaims,
} from './token-claims.js';

/** The names of the claims that are read. */
export interface ClaimNames {
  /** Claims that may name the subject. The first one that is there counts. */
  readonly subject: readonly RegisteredClaim[];
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
}

/** How tokens of a handler are proved, by the scheme that they have to come with. */
export interface ProvedBy {
  readonly bearer: readonly Via[];
  readonly dpop: readonly Via[];
}

/** Frozen, because all principals share it. */
export function provedBy(handler: string): ProvedBy {
  const by = (scheme: string) => Object.freeze([Object.freeze({ handler, scheme })]);
  return { bearer: by('bearer'), dpop: by('dpop') };
}

/** Without a subject the client itself is the party (RFC 9068 2.2). */
export const SUBJECT_CLAIMS: readonly RegisteredClaim[] = ['sub', 'username', 'client_id'];

/** What is known of a principal besides what its claims say. */
export interface Proof {
  /** Default: the claim. */
  readonly issuer?: string | undefined;
  readonly confirmation?: Confirmation | undefined;
  readonly via?: readonly Via[] | undefined;
  /** The principal ends then at the latest, in seconds since the epoch. */
  readonly endsAt?: number | undefined;
}

const NO_PROOF: Proof = {};

/**
 * The principal that claims describe. Its subject is empty when they name nobody, or not by a text: see
 * `subjectProblem`.
 */
export function principalInit(
  sent: TokenClaims,
  names: ClaimNames,
  claims = readClaims(sent),
  { issuer = claims['iss'] as string | undefined, confirmation, via, endsAt }: Proof = NO_PROOF,
): PrincipalInit {
  const { exp, iat, auth_time: authenticatedAt, acr, amr, act } = claims;
  const subject = subjectOf(claims, names);
  const clientId = textOf(claims['client_id']);
  const isClient = clientId !== undefined && (subject?.[1] ?? clientId) === clientId;
  return {
    kind: isClient ? 'client' : 'user',
    issuer,
    subject: textOf(subject?.[1]) ?? '',
    clientId,
    scopes: wordsOf(sent, names.scopes),
    roles: wordsOf(sent, names.roles),
    audience: audiencesOf(claims),
    expiresAt: earliest(isFar(exp) ? undefined : (exp as number | undefined), endsAt),
    issuedAt: iat as number | undefined,
    authenticatedAt:
      Number.isFinite(authenticatedAt) && !isFar(authenticatedAt) ? (authenticatedAt as number) : undefined,
    acr: typeof acr === 'string' ? acr : undefined,
    actor: actorOf(act),
    amr: Array.isArray(amr) ? amr.filter((item) => typeof item === 'string') : undefined,
    claims: sent,
    confirmation,
    via,
  };
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  return other === undefined || (one !== undefined && one < other) ? one : other;
}

/** Says why claims name nobody: the claim of the subject is no text. `undefined` when the claim is missing. */
export function subjectProblem(sent: TokenClaims, names: ClaimNames): ClaimProblem | undefined {
  const [name, value] = subjectOf(readClaims(sent), names) ?? [];
  return name === undefined ? undefined : mistyped(name, value);
}

function subjectOf(claims: ReadClaims, { subject: names }: ClaimNames): readonly [string, unknown] | undefined {
  const name = names.find((each) => claims[each] !== undefined);
  return name === undefined ? undefined : [name, claims[name]];
}

function textOf(value: unknown): string | undefined {
  return isText(value) ? value : undefined;
}
