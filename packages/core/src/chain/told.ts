import type { Guard } from '../guard/guard.js';
import { Candidate, candidatesOf } from '../handler/candidates.js';
import type { SecurityHandler } from '../handler/handler.js';
import type { RequirementPlan } from '../requirement/plan.js';

/** What clients are told of a policy. */
export interface Told {
  /** Every handler's challenges, each distinct header value once, in chain order. */
  readonly candidates: readonly Candidate[];
  /** Every scope that it names, also those of which others would do instead. */
  readonly scopes: readonly string[];
}

/** Guards need their scopes of every token, unless they name a handler. */
export function toldOf(plan: RequirementPlan, guard: Guard | undefined, resourceMetadata: string | undefined): Told {
  const ofGuard = guard?.needs ?? [];
  const neededOf = (handler: SecurityHandler) => [
    ...plan.neededOf(handler),
    ...ofGuard.filter(({ of }) => of === undefined || of === handler.name),
  ];
  const hintsFor = (handler: SecurityHandler) => ({
    scopes: distinct(neededOf(handler).flatMap(({ asked }) => asked)),
    resourceMetadata,
  });
  return {
    candidates: candidatesOf(plan.handlers, hintsFor),
    scopes: distinct(plan.handlers.flatMap(neededOf).flatMap(({ known }) => known)),
  };
}

/** What clients are told where a route adds a guard: its scopes are needed as well. Made once for each guard. */
export class ToldWithGuard {
  readonly #known = new WeakMap<readonly Candidate[], WeakMap<Guard, readonly Candidate[]>>();

  of(candidates: readonly Candidate[], next: Guard | undefined): readonly Candidate[] {
    if (next === undefined || candidates.length === 0) return candidates;
    const byGuard = this.#known.get(candidates) ?? new WeakMap<Guard, readonly Candidate[]>();
    const told = byGuard.get(next) ?? withScopesOf(next, candidates);
    this.#known.set(candidates, byGuard.set(next, told));
    return told;
  }
}

function withScopesOf({ needs = [] }: Guard, candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.map((candidate) => {
    const { challenge, handlers, hints } = candidate;
    const own = needs.filter(({ of }) => of === undefined || handlers.some(({ name }) => name === of));
    const asked = own.flatMap((each) => each.asked);
    if (hints === undefined || asked.length === 0) return candidate;
    return new Candidate(challenge, handlers, { ...hints, scopes: distinct([...hints.scopes, ...asked]) });
  });
}

function distinct(scopes: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(scopes)]);
}
