import { andThen, type Eventually } from '../clock/eventually.js';
import { MISSING, type Outcome, Refusal } from '../handler/refusal.js';
import type { Authenticated } from '../verdict/verdict.js';
import { ANONYMOUS_VERDICT } from './anonymous-node.js';
import type { Run } from './leaf.js';
import { Carries, type RequirementNode } from './requirement-node.js';

export class AttemptNode implements RequirementNode {
  readonly #member: RequirementNode;

  constructor(member: RequirementNode) {
    this.#member = member;
  }

  isSatisfiable(): boolean {
    return true;
  }

  carries(run: Run): Carries {
    return this.#member.carries(run);
  }

  evaluate(run: Run): Eventually<Outcome> {
    if (!this.#member.isSatisfiable(run)) {
      return this.#member.carries(run) === Carries.Explicit ? goOn(MISSING, run) : ANONYMOUS_VERDICT;
    }
    const { attempted } = run;
    return andThen(this.#member.evaluate(run), (outcome) => {
      if (!(outcome instanceof Refusal) || !isBadCredential(outcome)) return outcome;
      run.attempted = attempted;
      return goOn(outcome, run);
    });
  }
}

/** Records what an attempt let pass and continues as the anonymous principal. */
export function goOn(refusal: Refusal, run: Run): Authenticated {
  run.attempted ??= refusal;
  return ANONYMOUS_VERDICT;
}

/** An outage, a lock-out, a syntax error or a bug is no statement about the credential, so an attempt cannot ignore it. */
function isBadCredential({ verdict }: Refusal): boolean {
  return verdict.kind === 'denied' || verdict.kind === 'forbidden' || verdict.kind === 'challenged';
}
