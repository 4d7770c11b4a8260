import { mark } from '../brand/brand.js';
import { type Actor, checkedActor } from './actor.js';
import { freezeClaims } from './claims.js';
import { interned, internedList } from './interned.js';
import { type IssuedNames, isSameNames, issuedNames } from './issued-names.js';
import {
  type Confirmation,
  checkedPrincipalInit,
  type PrincipalInit,
  type PrincipalKind,
  type Via,
} from './principal-init.js';

export type { Actor, Confirmation, PrincipalInit, PrincipalKind, Via };

const NONE: readonly never[] = Object.freeze([]);
const NO_CLAIMS: object = freezeClaims({});

/** Members of few principals: the others have no room for them, which would cost each 32 bytes (bench: cache). */
const DETAILS = { authenticatedAt: undefined, acr: undefined, confirmation: undefined, actor: undefined };

/** What a principal was made of, where it was not made of one proof as that was. */
interface Origin {
  /** The principals that it was combined from; undefined when there is only one proof. */
  readonly proofs: readonly Principal[] | undefined;
  /** What its issuer named it, where `mapPrincipal` changed that: revocations are told by these names. */
  readonly issued: IssuedNames | undefined;
}

/**
 * Who was authenticated. Identity is the pair (issuer, subject), never the subject alone. Deeply frozen, because
 * requests share cached principals. Never holds the raw credential.
 */
class PrincipalRecord<Claims extends object> {
  readonly kind: PrincipalKind;
  readonly issuer: string | undefined;
  /** Empty for the anonymous principal only. */
  readonly subject: string;
  /** The OAuth client that acts, if there is one (RFC 9068 2.2 `client_id`). */
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly audience: readonly string[];
  /**
   * All claims of the token or account, in objects that inherit nothing: a claim that was not sent reads as
   * `undefined`.
   */
  readonly claims: Readonly<Claims>;
  /** When the proof ends, in seconds since the epoch (RFC 7519 2 NumericDate). */
  readonly expiresAt: number | undefined;
  /** When the token was issued, in seconds since the epoch. */
  readonly issuedAt: number | undefined;
  /** When the user last authenticated, in seconds since the epoch (`auth_time`). */
  declare readonly authenticatedAt: number | undefined;
  declare readonly acr: string | undefined;
  readonly amr: readonly string[];
  declare readonly confirmation: Confirmation | undefined;
  /**
   * Who acts for the subject now (RFC 8693 4.1); undefined where the subject acts itself. Actors within this one acted
   * before: they decide nothing.
   */
  declare readonly actor: Actor | undefined;
  /** Every proof that went into this principal, in the order of verification. */
  readonly via: readonly Via[];
  /** Undefined for most principals. Is the brand as well: a field of its own would cost 8 bytes (bench: cache). */
  readonly #origin: Origin | undefined;

  constructor(kind: PrincipalKind, init: PrincipalInit<Claims>, origin?: Origin) {
    this.kind = kind;
    this.issuer = init.issuer && interned(init.issuer);
    this.subject = init.subject;
    this.clientId = init.clientId && interned(init.clientId);
    this.scopes = frozenList(init.scopes);
    this.roles = frozenList(init.roles);
    this.audience = frozenList(init.audience);
    this.claims = (init.claims === undefined ? NO_CLAIMS : freezeClaims(init.claims)) as Readonly<Claims>;
    this.expiresAt = init.expiresAt;
    this.issuedAt = init.issuedAt;
    this.amr = frozenList(init.amr);
    this.via = frozenProofs(init.via);
    this.#origin = origin;
    if ((init.authenticatedAt ?? init.acr ?? init.confirmation ?? init.actor) !== undefined) {
      this.authenticatedAt = init.authenticatedAt;
      this.acr = init.acr;
      this.confirmation = init.confirmation && Object.freeze({ ...init.confirmation });
      this.actor = init.actor && checkedActor(init.actor);
    }
    Object.freeze(this);
  }

  hasScope(scope: string): boolean {
    return this.scopes.includes(scope);
  }

  hasRole(role: string): boolean {
    return this.roles.includes(role);
  }

  static {
    mark(this, 'principal');
    // On our prototype: otherwise `Object.prototype` would be asked for them, and may be polluted.
    Object.assign(this.prototype, DETAILS);
  }

  static made(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #origin in value;
  }

  static origin(principal: Principal): Origin | undefined {
    return principal.#origin;
  }
}

export type Principal<Claims extends object = Record<string, unknown>> = PrincipalRecord<Claims>;

/**
 * Makes a principal. `kind` defaults to `user`.
 * @throws {TypeError} when the subject is empty, another member has the wrong type, or a claim is not JSON or nested
 *   deeper than 32 levels
 * @example
 * const principal = createPrincipal({ subject: 'alice', scopes: ['orders:read'], claims: { tenant: 'acme' } });
 * principal.hasScope('orders:read'); // true
 * principal.claims.tenant; // 'acme'
 */
export function createPrincipal<Claims extends object = Record<string, unknown>>(
  init: PrincipalInit<Claims>,
): Principal<Claims> {
  const checked = checkedPrincipalInit(init);
  return new PrincipalRecord(checked.kind ?? 'user', checked);
}

/** The principal of a caller who is let in without authentication. */
export const ANONYMOUS: Principal = new PrincipalRecord('anonymous', { subject: '' });

/** True only for objects that `createPrincipal` made. */
export function isPrincipal(value: unknown): value is Principal {
  return PrincipalRecord.made(value);
}

/**
 * Whether this handler proved the principal. Loops by index: V8 does not optimise iterators of frozen lists (bench:
 * chain).
 */
export function isProvedBy(principal: Principal, handler: string): boolean {
  const { via } = principal;
  for (let index = 0; index < via.length; index += 1) if (via[index]?.handler === handler) return true;
  return false;
}

/** The same principal with one more proof in `via`; the same object when the proof is there already. */
export function withProof(principal: Principal, proof: Via): Principal {
  if (principal.kind === 'anonymous' || isProvedBy(principal, proof.handler)) return principal;
  const init = initOf(principal, [...principal.via, proof]);
  return new PrincipalRecord(principal.kind, init, PrincipalRecord.origin(principal));
}

/** Inherited members become own ones. The spread stands first: V8 takes 8 microseconds for a later one (bench: before-after). */
function initOf(principal: Principal, via: readonly Via[]): PrincipalInit {
  const { authenticatedAt, acr, confirmation, actor } = principal;
  return { ...principal, authenticatedAt, acr, confirmation, actor, via };
}

/** The same principal, found by revocations also under what its issuer named it. */
export function withIssuedNames(principal: Principal, issued: IssuedNames): Principal {
  if (isSameNames(issuedNames(principal), issued)) return principal;
  const proofs = PrincipalRecord.origin(principal)?.proofs;
  return new PrincipalRecord(principal.kind, principal, { proofs, issued: Object.freeze({ ...issued }) });
}

/** What its issuer named a principal, if it is named otherwise now. */
export function issuedNamesOf(principal: Principal): IssuedNames | undefined {
  return PrincipalRecord.origin(principal)?.issued;
}

/**
 * The principal that one handler proved by itself, with the scopes of its own proof; undefined when it proved nothing.
 */
export function proofOf(principal: Principal, handler: string): Principal | undefined {
  const own = PrincipalRecord.origin(principal)?.proofs?.find((proof) => isProvedBy(proof, handler));
  return own ?? (isProvedBy(principal, handler) ? principal : undefined);
}

/** The principals that a principal was combined from, unchanged; the principal itself if it was not combined. */
export function proofsOf(principal: Principal): readonly Principal[] {
  return PrincipalRecord.origin(principal)?.proofs ?? [principal];
}

/**
 * Combines several proofs to one principal. Identity comes from the first. Scopes, roles and audiences of the others
 * are added. Where claims have the same name, the first proof wins. The principal expires when the first of its proofs
 * expires.
 */
export function combinePrincipals(principals: readonly Principal[]): Principal {
  const named = [...new Set(principals)].filter((principal) => principal.kind !== 'anonymous');
  const [first, ...others] = named;
  if (first === undefined) return ANONYMOUS;
  if (others.length === 0) return first;
  const proofs = named.flatMap(proofsOf);
  const ends = named.flatMap((principal) => principal.expiresAt ?? []);
  const init = {
    ...initOf(first, distinctProofs(named.flatMap((principal) => principal.via))),
    clientId: first.clientId ?? others.find((other) => other.clientId !== undefined)?.clientId,
    scopes: union(named.map((principal) => principal.scopes)),
    roles: union(named.map((principal) => principal.roles)),
    audience: union(named.map((principal) => principal.audience)),
    amr: union(named.map((principal) => principal.amr)),
    claims: mergeClaims(named),
    expiresAt: ends.length === 0 ? undefined : Math.min(...ends),
    confirmation: named.find((principal) => principal.confirmation !== undefined)?.confirmation,
    actor: named.find((principal) => principal.actor !== undefined)?.actor,
  };
  return new PrincipalRecord(first.kind, init, { proofs, issued: issuedNamesOf(first) });
}

function mergeClaims(principals: readonly Principal[]): Record<string, unknown> {
  return Object.assign(Object.create(null), ...principals.map((principal) => principal.claims).reverse());
}

/** A handler that two parts of a requirement name has proved one thing. */
function distinctProofs(via: readonly Via[]): readonly Via[] {
  const isSame = (one: Via, other: Via) => one.handler === other.handler && one.scheme === other.scheme;
  return via.filter((proof, index) => via.findIndex((other) => isSame(proof, other)) === index);
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())];
}

function frozenList(list: readonly string[] | undefined): readonly string[] {
  return list === undefined || list.length === 0 ? NONE : internedList(list);
}

/** Shares a list that is already frozen: handlers pass the same list for every principal. */
function frozenProofs(proofs: readonly Via[] = NONE): readonly Via[] {
  if (Object.isFrozen(proofs) && proofs.every(Object.isFrozen)) return proofs;
  return Object.freeze(proofs.map((proof) => Object.freeze({ ...proof })));
}
