import type { Eventually } from '../clock/eventually.js';
import type { NeededScopes } from '../guard/needed-scopes.js';
import type { SecurityHandler } from '../handler/handler.js';
import type { Outcome } from '../handler/refusal.js';
import { ANONYMOUS_VERDICT, Carries, type RequirementNode } from './node.js';
import { OPEN_TO_EVERYBODY, type Operator, type OperatorWord, operatorOn, type Requirement } from './requirement.js';
import type { Run } from './run.js';

/**
 * A request without credentials goes on as anonymous. A bad credential is refused.
 * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID for what is no requirement
 * @example
 * const operations = routes([route('GET', '/catalogue', { requirement: optional(jwt) })]);
 */
export function optional(member: Requirement): Operator {
  return operatorOn(
    [member],
    'optional',
    ([node]) => new Optional(node),
    (alternatives) => [...alternatives.flat(), OPEN_TO_EVERYBODY],
  );
}

export const OPTIONAL_WORD: OperatorWord = {
  word: 'optional',
  takes: 'one',
  make: ([member]) => optional(member as Requirement),
};

class Optional implements RequirementNode {
  readonly #member: RequirementNode;

  constructor(member: RequirementNode) {
    this.#member = member;
  }

  isSatisfiable(run: Run): boolean {
    return this.#member.isSatisfiable(run) || this.#member.carries(run) !== Carries.Explicit;
  }

  carries(run: Run): Carries {
    return this.#member.carries(run);
  }

  neededOf(handler: SecurityHandler): readonly NeededScopes[] | undefined {
    return this.#member.neededOf(handler);
  }

  evaluate(run: Run): Eventually<Outcome> {
    return this.#member.isSatisfiable(run) ? this.#member.evaluate(run) : ANONYMOUS_VERDICT;
  }
}
