import type { Eventually } from '../clock/eventually.js';
import type { NeededScopes } from '../guard/needed-scopes.js';
import type { SecurityHandler } from '../handler/handler.js';
import type { Outcome, Refusal } from '../handler/refusal.js';
import { ANONYMOUS } from '../principal/principal.js';
import { type Authenticated, authenticated } from '../verdict/verdict.js';
import type { Run } from './run.js';

/**
 * The strongest credential that was sent for a subtree: none, an ambient one (cookie, client certificate) or an
 * explicit one.
 */
export enum Carries {
  Nothing = 0,
  Ambient = 1,
  Explicit = 2,
}

/**
 * A compiled requirement. All credentials are extracted before any node is asked, so `isSatisfiable` and `carries` are
 * lookups. Only `evaluate` verifies; call it only when the node is satisfiable.
 */
export interface RequirementNode {
  /** Whether every credential that this node needs is present. */
  isSatisfiable(run: Run): boolean;
  carries(run: Run): Carries;
  evaluate(run: Run): Eventually<Outcome>;
  /** The scopes that the proof of a handler needs here; undefined where the handler does not occur. */
  neededOf(handler: SecurityHandler): readonly NeededScopes[] | undefined;
  /** Called on the root when no handler takes a sent credential. Without this method the request is refused. */
  letPass?(refusal: Refusal, run: Run): Outcome;
}

/** The grant for callers who need not authenticate. */
export const ANONYMOUS_VERDICT: Authenticated = authenticated(ANONYMOUS);

/** The strongest credential of several members. */
export function strongest(members: readonly RequirementNode[], run: Run): Carries {
  return members.reduce<Carries>((most, member) => Math.max(most, member.carries(run)), Carries.Nothing);
}
