import type { Outcome } from '../handler/refusal.js';
import { ANONYMOUS_VERDICT, Carries, type RequirementNode } from './node.js';
import { OPEN_TO_EVERYBODY, Operator, type OperatorWord } from './requirement.js';

/**
 * Open to everybody; credentials are not even read. It must be written explicitly: without any requirement, a request
 * is refused.
 * @example
 * const operations = routes([route('GET', '/health', { requirement: anonymous() }), route('GET', '/orders')]);
 * new SecurityChain({ operations, requirement: jwt });
 */
export function anonymous(): Operator {
  return ANONYMOUS_REQUIREMENT;
}

export const ANONYMOUS_WORD: OperatorWord = { word: 'anonymous', takes: 'nothing', make: anonymous };

class Anonymous implements RequirementNode {
  isSatisfiable(): boolean {
    return true;
  }

  carries(): Carries {
    return Carries.Nothing;
  }

  neededOf(): undefined {
    return undefined;
  }

  evaluate(): Outcome {
    return ANONYMOUS_VERDICT;
  }
}

const ANONYMOUS_REQUIREMENT = new Operator(
  [],
  () => new Anonymous(),
  () => [OPEN_TO_EVERYBODY],
);
