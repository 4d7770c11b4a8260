import type { Eventually } from '../../clock/eventually.js';
import type { NeededScopes } from '../../guard/needed-scopes.js';
import type { SecurityHandler } from '../../handler/handler.js';
import { type Outcome, Refusal } from '../../handler/refusal.js';
import type { Principal } from '../../principal/principal.js';
import type { Carries, RequirementNode } from '../node.js';
import { type Operator, operatorOn, type Requirement } from '../requirement.js';
import type { Run } from '../run.js';

/** Told who satisfied a requirement. It cannot change the outcome, so it must not throw. */
export type Note = (principal: Principal) => void;

/** For contracts: the same requirement, and `note` is called whenever somebody satisfies it. Not called for anonymous callers. */
export function noted(member: Requirement, note: Note): Operator {
  return operatorOn(
    [member],
    'noted',
    ([node]) => new Noted(node, note),
    (alternatives) => alternatives.flat(),
  );
}

class Noted implements RequirementNode {
  readonly #member: RequirementNode;
  readonly #note: Note;

  constructor(member: RequirementNode, note: Note) {
    this.#member = member;
    this.#note = note;
  }

  isSatisfiable(run: Run): boolean {
    return this.#member.isSatisfiable(run);
  }

  carries(run: Run): Carries {
    return this.#member.carries(run);
  }

  neededOf(handler: SecurityHandler): readonly NeededScopes[] | undefined {
    return this.#member.neededOf(handler);
  }

  evaluate(run: Run): Eventually<Outcome> {
    const outcome = this.#member.evaluate(run);
    return outcome instanceof Promise ? outcome.then((settled) => this.#told(settled)) : this.#told(outcome);
  }

  #told(outcome: Outcome): Outcome {
    if (!(outcome instanceof Refusal) && outcome.principal.kind !== 'anonymous') this.#note(outcome.principal);
    return outcome;
  }
}
