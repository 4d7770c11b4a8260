import { ConfigurationError } from '../errors/errors.js';
import type { RequiredScopes } from '../guard/required-scopes.js';
import { isHandler, type SecurityHandler } from '../handler/handler.js';
import * as option from '../options/options.js';
import { agree, type SameParty } from './same-party.js';

/** What a request has to prove: a handler, or a tree of handlers. Compiled once by the chain. */
export type Requirement = SecurityHandler | AnyOf | AllOf | Optional | Attempt | Anonymous | Scoped;

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
 * All of these are needed. Nothing is verified while one credential is missing. With `sameParty` every two proofs
 * must agree: `true` wants the same issuer, and the same subject or, where one of the two is a client, the same client;
 * a function decides by itself. A proof without an issuer agrees with none.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN, ERR_SALLYPORT_REQUIREMENT_INVALID
 */
export function allOf(...members: readonly Requirement[]): AllOf;
export function allOf(members: readonly Requirement[], options: { sameParty?: boolean | SameParty }): AllOf;
export function allOf(
  ...given: readonly Requirement[] | [readonly Requirement[], { sameParty?: boolean | SameParty }]
): AllOf {
  if (!Array.isArray(given[0])) return new AllOf(given as readonly Requirement[], undefined);
  const options = given[1] === undefined ? {} : (given[1] as object);
  const { sameParty } = option.check('AllOfOptions', options, { sameParty: option.optional(comparison) });
  return new AllOf(given[0], sameParty);
}

const comparison: option.Check<SameParty | undefined> = (value, name) => {
  if (typeof value === 'function') return value as SameParty;
  if (typeof value !== 'boolean') throw option.invalid(name, 'must be true, false or a function');
  return value ? agree : undefined;
};

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
