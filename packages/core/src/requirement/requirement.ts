import { ConfigurationError } from '../errors.js';
import type { RequiredScopes } from '../guard/required-scopes.js';
import { isHandler, type SecurityHandler } from '../handler/handler.js';
import type { Principal } from '../principal/principal.js';

/** What a request has to prove: a handler, or a tree of handlers. Compiled once by the chain. */
export type Requirement = SecurityHandler | AnyOf | AllOf | Optional | Attempt | Anonymous | Scoped;

/** Decides whether two proofs of one request belong to one party. */
export type SameParty = (first: Principal, other: Principal) => boolean;

export class AnyOf {
  readonly members: readonly Requirement[];

  constructor(members: readonly Requirement[]) {
    this.members = checkedMembers('anyOf', members);
    Object.freeze(this);
  }
}

export class AllOf {
  readonly members: readonly Requirement[];
  readonly sameParty: SameParty | undefined;

  constructor(members: readonly Requirement[], sameParty: SameParty | undefined) {
    this.members = checkedMembers('allOf', members);
    this.sameParty = sameParty;
    Object.freeze(this);
  }
}

export class Optional {
  readonly member: Requirement;

  constructor(member: Requirement) {
    [this.member] = checkedMembers('optional', [member]) as [Requirement];
    Object.freeze(this);
  }
}

export class Attempt {
  readonly member: Requirement;

  constructor(member: Requirement) {
    [this.member] = checkedMembers('attempt', [member]) as [Requirement];
    Object.freeze(this);
  }
}

export class Anonymous {
  readonly kind = 'anonymous';
}

/** For contracts: what the member proves has to carry scopes. Contracts alone go on to another alternative without. */
export class Scoped {
  readonly member: Requirement;
  readonly scopes: RequiredScopes;

  constructor(member: Requirement, scopes: RequiredScopes) {
    this.member = member;
    this.scopes = scopes;
    Object.freeze(this);
  }
}

const ANONYMOUS_REQUIREMENT: Anonymous = Object.freeze(new Anonymous());

/** One of these is enough; the first whose credentials are present decides. Needs at least one member. */
export function anyOf(...members: readonly Requirement[]): AnyOf {
  return new AnyOf(members);
}

/**
 * All of these are needed. Nothing is verified while one credential is missing. With `sameParty` the principals
 * must agree: `true` compares subject and client, a function decides by itself.
 */
export function allOf(...members: readonly Requirement[]): AllOf;
export function allOf(members: readonly Requirement[], options: { sameParty?: boolean | SameParty }): AllOf;
export function allOf(
  ...given: readonly Requirement[] | [readonly Requirement[], { sameParty?: boolean | SameParty }]
): AllOf {
  if (!Array.isArray(given[0])) return new AllOf(given as readonly Requirement[], undefined);
  const { sameParty } = (given[1] ?? {}) as { sameParty?: boolean | SameParty };
  return new AllOf(given[0], sameParty === true ? agree : sameParty || undefined);
}

/** Nothing sent: the anonymous principal. Something bad sent: refused, as if it were required. */
export function optional(member: Requirement): Optional {
  return new Optional(member);
}

/** A bad credential goes on as anonymous, and the granted decision tells the verdict as `attempted`. */
export function attempt(member: Requirement): Attempt {
  return new Attempt(member);
}

/** Open to everybody; credentials are not even read. Must be written out: no requirement at all means refusal. */
export function anonymous(): Anonymous {
  return ANONYMOUS_REQUIREMENT;
}

/** Every handler that stands in a requirement, in the order of the chain; one that stands twice comes twice. */
export function handlersOf(requirement: Requirement): readonly SecurityHandler[] {
  if (requirement instanceof AnyOf || requirement instanceof AllOf) return requirement.members.flatMap(handlersOf);
  if (requirement instanceof Optional || requirement instanceof Attempt || requirement instanceof Scoped) {
    return handlersOf(requirement.member);
  }
  return requirement instanceof Anonymous ? [] : [requirement];
}

/** Two proofs agree when they name one subject (of one issuer, where both name one) or one client. */
function agree(first: Principal, other: Principal): boolean {
  const sameIssuer = first.issuer === undefined || other.issuer === undefined || first.issuer === other.issuer;
  if (sameIssuer && first.subject === other.subject) return true;
  return clientOf(first) !== undefined && clientOf(first) === clientOf(other);
}

function clientOf(principal: Principal): string | undefined {
  return principal.clientId ?? (principal.kind === 'user' ? undefined : principal.subject);
}

function checkedMembers(operator: string, members: readonly Requirement[]): readonly Requirement[] {
  if (members.length === 0) {
    throw new ConfigurationError('ERR_SALLYPORT_REQUIREMENT_INVALID', `${operator}() needs at least one requirement`);
  }
  for (const member of members) checkRequirement(member, operator);
  return Object.freeze([...members]);
}

/**
 * Refuses what is neither a handler nor one of the operators.
 * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID
 */
export function checkRequirement(value: unknown, owner: string): asserts value is Requirement {
  if (value instanceof AnyOf || value instanceof AllOf || value instanceof Optional) return;
  if (value instanceof Attempt || value instanceof Anonymous || value instanceof Scoped || isHandler(value)) return;
  throw new ConfigurationError(
    'ERR_SALLYPORT_REQUIREMENT_INVALID',
    `${owner} takes handlers (name, one or more challenges, extract(), verify()) and anyOf, allOf, optional, attempt, anonymous`,
  );
}
