import { foreignCopy, mark } from '../brand/brand.js';
import { ConfigurationError } from '../errors/errors.js';
import type { ScopeRule } from '../guard/required-scopes.js';
import { isHandler, type SecurityHandler } from '../handler/handler.js';
import type * as option from '../options/options.js';
import type { MissingScopes } from './missing-scopes.js';
import type { RequirementNode } from './node.js';

/** What a request has to prove: a handler, or an operator on requirements. Compiled once by the chain. */
export type Requirement = SecurityHandler | Operator;

/**
 * Makes the node of an operator from the nodes of its members. `nobody` is the refusal of anonymous callers where
 * scopes are required.
 */
type Assembly<Nodes> = (nodes: Nodes, nobody: MissingScopes) => RequirementNode;

/** Scopes that an alternative needs, and whose proofs have to carry them: one of these or another. */
export interface CarriedScopes extends ScopeRule {
  readonly by: readonly SecurityHandler[];
}

/** One way to satisfy a requirement. An alternative without handlers is open to everybody. */
export interface Alternative {
  /** All of them have to prove something. */
  readonly handlers: readonly SecurityHandler[];
  /** All of these rules have to be met. */
  readonly scopes: readonly CarriedScopes[];
  /** Whether the proofs have to be of one user or client. */
  readonly sameParty: boolean;
}

/** The alternatives of an operator, by those of its members. */
type Combination = (members: readonly (readonly Alternative[])[]) => readonly Alternative[];

export const OPEN_TO_EVERYBODY: Alternative = { handlers: [], scopes: [], sameParty: false };

/** A requirement made of others by `anyOf(…)`, `allOf(…)` and the like. Recognised by a brand, so a copy is no operator. */
export class Operator {
  readonly members: readonly Requirement[];
  readonly #assemble: Assembly<readonly RequirementNode[]>;
  readonly #combine: Combination;

  constructor(members: readonly Requirement[], assemble: Assembly<readonly RequirementNode[]>, combine: Combination) {
    this.members = Object.freeze([...members]);
    this.#assemble = assemble;
    this.#combine = combine;
    Object.freeze(this);
  }

  static {
    mark(this, 'requirement');
  }

  static isOperator(value: unknown): value is Operator {
    return typeof value === 'object' && value !== null && #assemble in value;
  }

  /** For the chain only: makes the node of this operator. `compile` makes the nodes of its members. */
  compile(compile: (member: Requirement) => RequirementNode, nobody: MissingScopes): RequirementNode {
    return this.#assemble(this.members.map(compile), nobody);
  }

  static alternativesOf(operator: Operator): readonly Alternative[] {
    return operator.#combine(operator.members.map(alternativesOf));
  }
}

/** How configurations write an operator: `{ <word>: <members> }`, with its options beside the word. */
export interface OperatorWord {
  /** The name of the function that makes the operator. */
  readonly word: string;
  /** `nothing` is written as `true`, `one` as a requirement, `several` as a list that is not empty. */
  readonly takes: 'nothing' | 'one' | 'several';
  readonly options?: Readonly<Record<string, option.Check<unknown>>>;
  /** Gets as many members as it takes, and its checked options. */
  make(members: readonly Requirement[], options: Readonly<Record<string, unknown>>): Operator;
}

/**
 * Makes an operator on these members. `assemble` gets one node per member, `combine` the alternatives of each member.
 * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID
 */
export function operatorOn<const Members extends readonly Requirement[]>(
  members: Members,
  name: string,
  assemble: Assembly<{ readonly [Index in keyof Members]: RequirementNode }>,
  combine: Combination,
): Operator {
  if (members.length === 0) {
    throw new ConfigurationError('ERR_SALLYPORT_REQUIREMENT_INVALID', `${name}() needs at least one requirement`);
  }
  for (const member of members) checkRequirement(member, name);
  return new Operator(members, assemble as Assembly<readonly RequirementNode[]>, combine);
}

/** All handlers of a requirement, in chain order. A handler that occurs twice is listed twice. */
export function handlersOf(requirement: Requirement): readonly SecurityHandler[] {
  return Operator.isOperator(requirement) ? requirement.members.flatMap(handlersOf) : [requirement];
}

/** Every way to satisfy a requirement, in the order in which it names them: for tools that show or compare requirements. */
export function alternativesOf(requirement: Requirement): readonly Alternative[] {
  if (Operator.isOperator(requirement)) return Operator.alternativesOf(requirement);
  return [{ handlers: [requirement], scopes: [], sameParty: false }];
}

/** Whether a value is a handler or an operator. */
export function isRequirement(value: unknown): value is Requirement {
  return Operator.isOperator(value) || isHandler(value);
}

/**
 * Refuses a value that is neither a handler nor an operator.
 * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID
 * @throws {SallyportError} ERR_SALLYPORT_SEVERAL_COPIES
 */
export function checkRequirement(value: unknown, owner: string): asserts value is Requirement {
  if (isRequirement(value)) return;
  const foreign = foreignCopy(value, 'requirement');
  if (foreign !== undefined) throw foreign;
  throw new ConfigurationError(
    'ERR_SALLYPORT_REQUIREMENT_INVALID',
    `${owner} takes handlers (name, one or more challenges, extract(), verify()) and what anyOf(), anonymous() and their like return`,
  );
}
