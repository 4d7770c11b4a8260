import { andThen, disregard, type Eventually } from '../eventually.js';
import { type Authenticated, authenticated, denied } from '../handler/verdict.js';
import { combinePrincipals, type Principal } from '../principal/principal.js';
import type { Run } from './leaf.js';
import { MISSING, MissingScopes, NOBODY, type Outcome, Refusal } from './refusal.js';
import type { SameParty } from './requirement.js';
import { type Carries, type RequirementNode, strongest } from './requirement-node.js';

export class AllOfNode implements RequirementNode {
  readonly #members: readonly RequirementNode[];
  readonly #sameParty: SameParty | undefined;

  constructor(members: readonly RequirementNode[], sameParty: SameParty | undefined) {
    this.#members = members;
    this.#sameParty = sameParty;
  }

  isSatisfiable(run: Run): boolean {
    return this.#members.every((member) => member.isSatisfiable(run));
  }

  carries(run: Run): Carries {
    return strongest(this.#members, run);
  }

  evaluate(run: Run): Eventually<Outcome> {
    return this.#verifyFrom(0, [], undefined, run);
  }

  /** Who is calling is settled before what it may: a missing scope counts only when every proof is good. */
  #verifyFrom(
    index: number,
    proved: readonly Authenticated[],
    lacking: MissingScopes | undefined,
    run: Run,
  ): Eventually<Outcome> {
    const member = this.#members[index];
    if (member === undefined) return lacking === undefined ? this.#combine(proved) : ofSomebody(lacking, proved);
    return andThen(member.evaluate(run), (outcome) => {
      if (!(outcome instanceof Refusal)) return this.#verifyFrom(index + 1, [...proved, outcome], lacking, run);
      if (!(outcome instanceof MissingScopes)) return outcome;
      const first = lacking === undefined || lacking === NOBODY ? outcome : lacking;
      return this.#verifyFrom(index + 1, proved, first, run);
    });
  }

  #combine(proved: readonly Authenticated[]): Outcome {
    const principals = proved.map((verdict) => verdict.principal).filter((principal) => principal.kind !== 'anonymous');
    if (!this.#isOneParty(principals)) return new Refusal(denied('party_mismatch'));
    return authenticated(combinePrincipals(principals), { headers: proved.flatMap((verdict) => verdict.headers) });
  }

  #isOneParty([first, ...others]: readonly Principal[]): boolean {
    const sameParty = this.#sameParty;
    if (sameParty === undefined || first === undefined) return true;
    return others.every((other) => agreement(sameParty(first, other)));
  }
}

/** One member proved nobody, but another one somebody, who does not pass for nobody: a credential is missing. */
function ofSomebody(lacking: MissingScopes, proved: readonly Authenticated[]): MissingScopes {
  if (lacking !== NOBODY || proved.every(({ principal }) => principal.kind === 'anonymous')) return lacking;
  return new MissingScopes(MISSING.verdict);
}

/** A comparison that answers later, or not with true or false, is a bug and not a mismatch. */
function agreement(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  disregard(answer);
  throw new TypeError('sameParty() returned neither true nor false');
}
