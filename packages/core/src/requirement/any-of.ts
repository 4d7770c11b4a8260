import type { Eventually } from '../clock/eventually.js';
import { type NeededScopes, notAsked } from '../guard/needed-scopes.js';
import type { SecurityHandler } from '../handler/handler.js';
import { MISSING, type Outcome, Refusal } from '../handler/refusal.js';
import { MissingScopes, NOBODY } from './missing-scopes.js';
import { Carries, type RequirementNode, strongest } from './node.js';
import { type Operator, type OperatorWord, operatorOn, type Requirement } from './requirement.js';
import type { Run } from './run.js';

/**
 * One member is enough. The first whose credentials are present decides. If it is unavailable, challenged or lacks only
 * scopes, the next one is tried.
 * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID without members
 * @example
 * new SecurityChain({ requirement: anyOf(jwt, allOf(apiKey, session)) });
 */
export function anyOf(...members: readonly Requirement[]): Operator {
  return operatorOn(
    members,
    'anyOf',
    (nodes) => new AnyOf(nodes),
    (alternatives) => alternatives.flat(),
  );
}

export const ANY_OF_WORD: OperatorWord = { word: 'anyOf', takes: 'several', make: (members) => anyOf(...members) };

/** Explicit credentials are tried before ambient ones. Alternatives that need no credential come last. */
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

  /** Clients are sent to the first alternative in which the handler occurs. */
  neededOf(handler: SecurityHandler): readonly NeededScopes[] | undefined {
    const [first, ...others] = this.#members
      .map((member) => member.neededOf(handler))
      .filter((each) => each !== undefined);
    return first && [...first, ...others.flat().map(notAsked)];
  }

  evaluate(run: Run): Eventually<Outcome> {
    return this.#tryFrom(0, undefined, run);
  }

  /** Tries, rank by rank, all alternatives whose credentials are present, in declared order. */
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

  /** Own method: a closure inside `#tryFrom` would cost each decision an allocation (bench: chain). */
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
   * Whether to try the alternatives that need no credential. They are tried if no other alternative was refused and the
   * client sent no explicit credential, or if `NOBODY` is the only refusal.
   */
  #isForNobody(gravest: Refusal | undefined, run: Run): boolean {
    return gravest === undefined ? this.carries(run) !== Carries.Explicit : gravest === NOBODY;
  }
}

function isFinal(refusal: Refusal): boolean {
  return gravity(refusal) === undefined;
}

/**
 * Keeps the first of equal refusals. `unavailable` and `challenged` outrank missing scopes: such an alternative might
 * still have granted.
 */
function graver(remembered: Refusal | undefined, latest: Refusal): Refusal {
  if (remembered === undefined) return latest;
  return (gravity(latest) as number) > (gravity(remembered) as number) ? latest : remembered;
}

/** The rank of a refusal when there are more alternatives; undefined when it ends the search. */
function gravity(refusal: Refusal): number | undefined {
  if (refusal.verdict.kind === 'unavailable') return 4;
  if (refusal.verdict.kind === 'challenged') return 3;
  if (!(refusal instanceof MissingScopes)) return undefined;
  if (refusal === NOBODY) return 0;
  return refusal.verdict.kind === 'missing' ? 1 : 2;
}
