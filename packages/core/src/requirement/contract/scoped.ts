import type { Eventually } from '../../clock/eventually.js';
import type { NeededScopes } from '../../guard/needed-scopes.js';
import type { RequiredScopes, ScopeRule } from '../../guard/required-scopes.js';
import type { SecurityHandler } from '../../handler/handler.js';
import { type Outcome, proverOf, Refusal } from '../../handler/refusal.js';
import { MissingScopes } from '../missing-scopes.js';
import type { Carries, RequirementNode } from '../node.js';
import { type Alternative, handlersOf, type Operator, operatorOn, type Requirement } from '../requirement.js';
import type { Run } from '../run.js';

/**
 * For contracts: the proof of the member must carry scopes. If scopes are missing, `anyOf` tries the next alternative;
 * with the guard `requireScopes` it would not.
 */
export function scoped(member: Requirement, scopes: RequiredScopes): Operator {
  return operatorOn(
    [member],
    'scoped',
    ([node], nobody) => new Scoped(node, scopes, handlersOf(member), nobody),
    (alternatives) => alternatives.flat().flatMap((alternative) => withScopes(alternative, scopes.rule)),
  );
}

/** Nobody has scopes without a proof. */
function withScopes(alternative: Alternative, rule: ScopeRule): readonly Alternative[] {
  const { handlers, scopes } = alternative;
  return handlers.length === 0 ? [] : [{ ...alternative, scopes: [...scopes, { ...rule, by: handlers }] }];
}

/** Checks the scopes of the member's own proof. Other proofs of the request do not count. */
class Scoped implements RequirementNode {
  readonly #member: RequirementNode;
  readonly #scopes: RequiredScopes;
  readonly #handlers: readonly SecurityHandler[];
  readonly #nobody: MissingScopes;

  /** `handlers` are those of the member. `nobody` is the refusal when the member proves no identity. */
  constructor(
    member: RequirementNode,
    scopes: RequiredScopes,
    handlers: readonly SecurityHandler[],
    nobody: MissingScopes,
  ) {
    this.#member = member;
    this.#scopes = scopes;
    this.#handlers = handlers;
    this.#nobody = nobody;
  }

  isSatisfiable(run: Run): boolean {
    return this.#member.isSatisfiable(run);
  }

  carries(run: Run): Carries {
    return this.#member.carries(run);
  }

  neededOf(handler: SecurityHandler): readonly NeededScopes[] | undefined {
    const needs = this.#member.neededOf(handler);
    return needs && [...needs, this.#scopes.needed];
  }

  evaluate(run: Run): Eventually<Outcome> {
    const outcome = this.#member.evaluate(run);
    return outcome instanceof Promise ? this.#weighLater(outcome) : this.#weigh(outcome);
  }

  /** Own method: a closure inside `evaluate` would cost each decision an allocation (bench: chain). */
  #weighLater(pending: Promise<Outcome>): Promise<Outcome> {
    return pending.then((outcome) => this.#weigh(outcome));
  }

  #weigh(outcome: Outcome): Outcome {
    if (outcome instanceof Refusal) return outcome;
    const { principal } = outcome;
    if (principal.kind === 'anonymous') return this.#nobody;
    const missing = this.#scopes.missingFrom(principal.scopes);
    return missing === undefined ? outcome : new MissingScopes(missing, proverOf(principal, this.#handlers), principal);
  }
}
