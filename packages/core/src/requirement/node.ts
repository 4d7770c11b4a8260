import type { Eventually } from '../clock/eventually.js';
import type { Outcome, Refusal } from '../handler/refusal.js';
import { ANONYMOUS } from '../principal/principal.js';
import { type Authenticated, authenticated } from '../verdict/verdict.js';
import type { Run } from './run.js';

/** The strongest credential of a subtree: none, one that is sent without being asked, or one the client added. */
export enum Carries {
  Nothing = 0,
  Ambient = 1,
  Explicit = 2,
}

/**
 * A compiled requirement. All credentials are extracted before any node is asked, so `isSatisfiable` and `carries`
 * are lookups; only `evaluate` verifies, and callers ask for it only when the node is satisfiable.
 */
export interface RequirementNode {
  /** Every credential that this node needs is present. */
  isSatisfiable(run: Run): boolean;
  carries(run: Run): Carries;
  evaluate(run: Run): Eventually<Outcome>;
  /** What follows from a credential that nobody takes, where this is the whole requirement. Without it: refusal. */
  letPass?(refusal: Refusal, run: Run): Outcome;
}

/** What everybody gets who needs to prove nothing. */
export const ANONYMOUS_VERDICT: Authenticated = authenticated(ANONYMOUS);

/** What a node with several members carries. */
export function strongest(members: readonly RequirementNode[], run: Run): Carries {
  return members.reduce<Carries>((most, member) => Math.max(most, member.carries(run)), Carries.Nothing);
}
