import { foreignCopy, mark } from '../brand/brand.js';
import { ConfigurationError } from '../errors/errors.js';
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

/** A requirement made of others by `anyOf(…)`, `allOf(…)` and the like. Recognised by a brand, so a copy is no operator. */
export class Operator {
  readonly members: readonly Requirement[];
  readonly #assemble: Assembly<readonly RequirementNode[]>;

  constructor(members: readonly Requirement[], assemble: Assembly<readonly RequirementNode[]>) {
    this.members = Object.freeze([...members]);
    this.#assemble = assemble;
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
 * Makes an operator on these members. `assemble` gets one node per member.
 * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID
 */
export function operatorOn<const Members extends readonly Requirement[]>(
  members: Members,
  name: string,
  assemble: Assembly<{ readonly [Index in keyof Members]: RequirementNode }>,
): Operator {
  if (members.length === 0) {
    throw new ConfigurationError('ERR_SALLYPORT_REQUIREMENT_INVALID', `${name}() needs at least one requirement`);
  }
  for (const member of members) checkRequirement(member, name);
  return new Operator(members, assemble as Assembly<readonly RequirementNode[]>);
}

/** All handlers of a requirement, in chain order. A handler that occurs twice is listed twice. */
export function handlersOf(requirement: Requirement): readonly SecurityHandler[] {
  return Operator.isOperator(requirement) ? requirement.members.flatMap(handlersOf) : [requirement];
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
