import type { Eventually } from '../clock/eventually.js';
import type { Outcome } from '../handler/refusal.js';
import { ANONYMOUS_VERDICT } from './anonymous-node.js';
import type { Run } from './leaf.js';
import { Carries, type RequirementNode } from './requirement-node.js';

export class OptionalNode implements RequirementNode {
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

  evaluate(run: Run): Eventually<Outcome> {
    return this.#member.isSatisfiable(run) ? this.#member.evaluate(run) : ANONYMOUS_VERDICT;
  }
}
