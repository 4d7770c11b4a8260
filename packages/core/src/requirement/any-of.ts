import type { Eventually } from '../clock/eventually.js';
import { MISSING, type Outcome, Refusal } from '../handler/refusal.js';
import { MissingScopes, NOBODY } from './missing-scopes.js';
import { Carries, type RequirementNode, strongest } from './node.js';
import { type Operator, operatorOn, type Requirement } from './requirement.js';
import type { Run } from './run.js';

/** One of these is enough; the first whose credentials are present decides. Needs at least one member. */
export function anyOf(...members: readonly Requirement[]): Operator {
  return operatorOn(members, 'anyOf', (nodes) => new AnyOf(nodes));
}

/** The client's own credentials go before those that are sent without being asked; who needs nothing comes last. */
const RANKS = [Carries.Explicit, Carries.Ambient, Carries.Nothing] as const;

class AnyOf implements RequirementNode {
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
    return this.#tryFrom(0, undefined, run);
  }

  /** Each rank goes once through all alternatives whose credentials are present, in declared order. */
  #tryFrom(start: number, remembered: Refusal | undefined, run: Run): Eventually<Outcome> {
    const count = this.#members.length;
    let gravest = remembered;
    for (let turn = start; turn < RANKS.length * count; turn += 1) {
      const rank = RANKS[Math.floor(turn / count)] as Carries;
      if (rank === Carries.Nothing && turn % count === 0 && !this.#isForNobody(gravest, run)) break;
      const member = this.#members[turn % count] as RequirementNode;
      if (!member.isSatisfiable(run) || member.carries(run) !== rank) continue;
      const { attempted } = run;
      const outcome = member.evaluate(run);
      if (outcome instanceof Promise) return this.#goOnLater(outcome, turn, gravest, attempted, run);
      if (!(outcome instanceof Refusal) || isFinal(outcome)) return outcome;
      if (outcome !== NOBODY) run.attempted = attempted;
      gravest = graver(gravest, outcome);
    }
    return gravest ?? MISSING;
  }

  /** Apart from `#tryFrom`: a closure inside of it would cost each decision an allocation (bench: chain). */
  #goOnLater(
    pending: Promise<Outcome>,
    turn: number,
    remembered: Refusal | undefined,
    attempted: Refusal | undefined,
    run: Run,
  ): Promise<Outcome> {
    return pending.then((outcome) => {
      if (!(outcome instanceof Refusal) || isFinal(outcome)) return outcome;
      if (outcome !== NOBODY) run.attempted = attempted;
      return this.#tryFrom(turn + 1, graver(remembered, outcome), run);
    });
  }

  /**
   * An alternative that needs nothing counts only when no other one does and the client added no credential, or when
   * all that it added was let go by an `attempt`.
   */
  #isForNobody(gravest: Refusal | undefined, run: Run): boolean {
    return gravest === undefined ? this.carries(run) !== Carries.Explicit : gravest === NOBODY;
  }
}

function isFinal(refusal: Refusal): boolean {
  return gravity(refusal) === undefined;
}

/**
 * Among equals the first stays. Who could not be asked, or asks for another round, might have granted; a scope that is
 * missing is missing.
 */
function graver(remembered: Refusal | undefined, latest: Refusal): Refusal {
  if (remembered === undefined) return latest;
  return (gravity(latest) as number) > (gravity(remembered) as number) ? latest : remembered;
}

/** How much a refusal outweighs others while alternatives are left; undefined when it ends the search. */
function gravity(refusal: Refusal): number | undefined {
  if (refusal.verdict.kind === 'unavailable') return 4;
  if (refusal.verdict.kind === 'challenged') return 3;
  if (!(refusal instanceof MissingScopes)) return undefined;
  if (refusal === NOBODY) return 0;
  return refusal.verdict.kind === 'missing' ? 1 : 2;
}
