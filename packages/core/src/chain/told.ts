import type { Guard } from '../guard/guard.js';
import { type Candidate, candidatesOf } from '../handler/candidates.js';
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

function distinct(scopes: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(scopes)]);
}
