import { andThen, type Eventually } from '../clock/eventually.js';
import type { NeededScopes } from '../guard/needed-scopes.js';
import type { SecurityHandler } from '../handler/handler.js';
import { MISSING, type Outcome, Refusal } from '../handler/refusal.js';
import { ANONYMOUS_VERDICT, Carries, type RequirementNode } from './node.js';
import { OPEN_TO_EVERYBODY, type Operator, type OperatorWord, operatorOn, type Requirement } from './requirement.js';
import type { Run } from './run.js';

/**
 * A caller with a bad credential goes on as anonymous. The granted decision holds the refusal as `attempted`.
 * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID for what is no requirement
 * @example
 * const chain = new SecurityChain({ requirement: attempt(session) });
 * const decision = await chain.decide(request);
 * if (decision.kind === 'granted') log.info(decision.principal.kind, decision.attempted?.reason);
 */
export function attempt(member: Requirement): Operator {
  return operatorOn(
    [member],
    'attempt',
    ([node]) => new Attempt(node),
    (alternatives) => [...alternatives.flat(), OPEN_TO_EVERYBODY],
  );
}

export const ATTEMPT_WORD: OperatorWord = {
  word: 'attempt',
  takes: 'one',
  make: ([member]) => attempt(member as Requirement),
};

class Attempt implements RequirementNode {
  readonly #member: RequirementNode;

  constructor(member: RequirementNode) {
    this.#member = member;
  }

  isSatisfiable(): boolean {
    return true;
  }

  carries(run: Run): Carries {
    return this.#member.carries(run);
  }

  neededOf(handler: SecurityHandler): readonly NeededScopes[] | undefined {
    return this.#member.neededOf(handler);
  }

  evaluate(run: Run): Eventually<Outcome> {
    if (!this.#member.isSatisfiable(run)) {
      return this.#member.carries(run) === Carries.Explicit ? this.letPass(MISSING, run) : ANONYMOUS_VERDICT;
    }
    const { attempted } = run;
    return andThen(this.#member.evaluate(run), (outcome) => {
      if (!(outcome instanceof Refusal) || !isBadCredential(outcome)) return outcome;
      run.attempted = attempted;
      return this.letPass(outcome, run);
    });
  }

  /** Keeps the refusal for the decision and grants as anonymous. */
  letPass(refusal: Refusal, run: Run): Outcome {
    run.attempted ??= refusal;
    return ANONYMOUS_VERDICT;
  }
}

/**
 * An outage, a lock-out, a syntax error or a bug says nothing about the credential, so an attempt must not ignore it.
 */
function isBadCredential({ verdict }: Refusal): boolean {
  return verdict.kind === 'denied' || verdict.kind === 'forbidden' || verdict.kind === 'challenged';
}
