import { andThen, disregard, type Eventually } from '../eventually.js';
import { type Authenticated, authenticated, denied } from '../handler/verdict.js';
import { combinePrincipals, type Principal } from '../principal/principal.js';
import type { Run } from './leaf.js';
import { type Outcome, Refusal } from './refusal.js';
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
    return this.#verifyFrom(0, [], run);
  }

  #verifyFrom(index: number, proved: readonly Authenticated[], run: Run): Eventually<Outcome> {
    const member = this.#members[index];
    if (member === undefined) return this.#combine(proved);
    return andThen(member.evaluate(run), (outcome) =>
      outcome instanceof Refusal ? outcome : this.#verifyFrom(index + 1, [...proved, outcome], run),
    );
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

/** A comparison that answers later, or not with true or false, is a bug and not a mismatch. */
function agreement(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  disregard(answer);
  throw new TypeError('sameParty() returned neither true nor false');
}
