import type { Eventually } from '../clock/eventually.js';
import type { Outcome } from '../handler/refusal.js';
import type { Run } from './leaf.js';

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
}

/** What a node with several members carries. */
export function strongest(members: readonly RequirementNode[], run: Run): Carries {
  return members.reduce<Carries>((most, member) => Math.max(most, member.carries(run)), Carries.Nothing);
}
