import type { Outcome } from '../handler/refusal.js';
import { ANONYMOUS } from '../principal/principal.js';
import { type Authenticated, authenticated } from '../verdict/verdict.js';
import { Carries, type RequirementNode } from './requirement-node.js';

/** What everybody gets who needs to prove nothing. */
export const ANONYMOUS_VERDICT: Authenticated = authenticated(ANONYMOUS);

export class AnonymousNode implements RequirementNode {
  isSatisfiable(): boolean {
    return true;
  }

  carries(): Carries {
    return Carries.Nothing;
  }

  evaluate(): Outcome {
    return ANONYMOUS_VERDICT;
  }
}
