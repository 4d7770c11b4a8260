import { andThen, type Eventually } from '../eventually.js';
import type { Run } from './leaf.js';
import { MISSING, type Outcome, Refusal } from './refusal.js';
import { Carries, type RequirementNode, strongest } from './requirement-node.js';

export class AnyOfNode implements RequirementNode {
  readonly #members: readonly RequirementNode[];

  constructor(members: readonly RequirementNode[]) {
    this.#members = members;
  }

  isSatisfiable(run: Run): boolean {
    let isOpen = false;
    for (const member of this.#members) {
      const isMet = member.isSatisfiable(run);
      if (isMet && member.carries(run) !== Carries.Nothing) return true;
      isOpen ||= isMet;
    }
    return isOpen && this.carries(run) !== Carries.Explicit;
  }

  carries(run: Run): Carries {
    return strongest(this.#members, run);
  }

  evaluate(run: Run): Eventually<Outcome> {
    return this.#single(run)?.evaluate(run) ?? this.#tryFrom(0, this.#candidates(run), undefined, run);
  }

  /** The only alternative that can be asked, if it is only one: mostly it is, and then no list has to be made. */
  #single(run: Run): RequirementNode | undefined {
    let single: RequirementNode | undefined;
    for (const member of this.#members) {
      if (!member.isSatisfiable(run)) continue;
      if (single !== undefined) return undefined;
      single = member;
    }
    return single;
  }

  /**
   * The alternatives whose credentials are all present: explicit ones before ambient ones, in declared order.
   * An alternative that needs nothing counts only when no other one does and the client added no credential.
   */
  #candidates(run: Run): readonly RequirementNode[] {
    const satisfiable = this.#members.filter((member) => member.isSatisfiable(run));
    const ranked = [Carries.Explicit, Carries.Ambient].flatMap((rank) =>
      satisfiable.filter((member) => member.carries(run) === rank),
    );
    if (ranked.length > 0) return ranked;
    return this.carries(run) === Carries.Explicit ? [] : satisfiable;
  }

  #tryFrom(
    index: number,
    candidates: readonly RequirementNode[],
    remembered: Refusal | undefined,
    run: Run,
  ): Eventually<Outcome> {
    const candidate = candidates[index];
    if (candidate === undefined) return remembered ?? MISSING;
    const { attempted } = run;
    return andThen(candidate.evaluate(run), (outcome) => {
      if (!(outcome instanceof Refusal) || isFinal(outcome)) return outcome;
      run.attempted = attempted;
      return this.#tryFrom(index + 1, candidates, graver(remembered, outcome), run);
    });
  }
}

function isFinal({ verdict }: Refusal): boolean {
  return verdict.kind !== 'unavailable' && verdict.kind !== 'challenged';
}

/** `unavailable` beats `challenged`; among equals the first stays. */
function graver(remembered: Refusal | undefined, latest: Refusal): Refusal {
  if (remembered === undefined) return latest;
  return remembered.verdict.kind === 'challenged' && latest.verdict.kind === 'unavailable' ? latest : remembered;
}
