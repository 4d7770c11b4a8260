import { andThen, type Eventually } from '../clock/eventually.js';
import { MISSING, MissingScopes, NOBODY, type Outcome, Refusal } from '../handler/refusal.js';
import { combinePrincipals } from '../principal/principal.js';
import { type Authenticated, authenticated, denied } from '../verdict/verdict.js';
import type { Run } from './leaf.js';
import { type Carries, type RequirementNode, strongest } from './requirement-node.js';
import { areOneParty, type SameParty } from './same-party.js';

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
    const sameParty = this.#sameParty;
    if (sameParty !== undefined && !areOneParty(principals, sameParty)) return new Refusal(denied('party_mismatch'));
    return authenticated(combinePrincipals(principals), { headers: proved.flatMap((verdict) => verdict.headers) });
  }
}

/** One member proved nobody, but another one somebody, who does not pass for nobody: a credential is missing. */
function ofSomebody(lacking: MissingScopes, proved: readonly Authenticated[]): MissingScopes {
  if (lacking !== NOBODY || proved.every(({ principal }) => principal.kind === 'anonymous')) return lacking;
  return new MissingScopes(MISSING.verdict);
}
