import { andThen, disregard, type Eventually } from './eventually.js';
import type { Leaf, Run } from './leaf.js';
import { ANONYMOUS, combinePrincipals, type Principal } from './principal.js';
import { MISSING, type Outcome, Refusal } from './refusal.js';
import type { SameParty } from './requirement.js';
import { type Authenticated, authenticated, denied } from './verdict.js';

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

const ANONYMOUS_VERDICT: Authenticated = authenticated(ANONYMOUS);

export class LeafNode implements RequirementNode {
  readonly #leaf: Leaf;

  constructor(leaf: Leaf) {
    this.#leaf = leaf;
  }

  isSatisfiable(run: Run): boolean {
    return this.#leaf.isPresent(run);
  }

  carries(run: Run): Carries {
    if (!this.#leaf.isPresent(run)) return Carries.Nothing;
    return this.#leaf.ambient ? Carries.Ambient : Carries.Explicit;
  }

  evaluate(run: Run): Eventually<Outcome> {
    return this.#leaf.verify(run);
  }
}

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

export class AnyOfNode implements RequirementNode {
  readonly #members: readonly RequirementNode[];

  constructor(members: readonly RequirementNode[]) {
    this.#members = members;
  }

  isSatisfiable(run: Run): boolean {
    let isOpen = false;
    for (const member of this.#members) {
      const isMet = member.isSatisfiable(run);
      if (isMet && member.carries(run) !== Carries.Nothing) return true;
      isOpen ||= isMet;
    }
    return isOpen && this.carries(run) !== Carries.Explicit;
  }

  carries(run: Run): Carries {
    return strongest(this.#members, run);
  }

  evaluate(run: Run): Eventually<Outcome> {
    return this.#single(run)?.evaluate(run) ?? this.#tryFrom(0, this.#candidates(run), undefined, run);
  }

  /** The only alternative that can be asked, if it is only one: mostly it is, and then no list has to be made. */
  #single(run: Run): RequirementNode | undefined {
    let single: RequirementNode | undefined;
    for (const member of this.#members) {
      if (!member.isSatisfiable(run)) continue;
      if (single !== undefined) return undefined;
      single = member;
    }
    return single;
  }

  /**
   * The alternatives whose credentials are all present: explicit ones before ambient ones, in declared order.
   * An alternative that needs nothing counts only when no other one does and the client added no credential.
   */
  #candidates(run: Run): readonly RequirementNode[] {
    const satisfiable = this.#members.filter((member) => member.isSatisfiable(run));
    const ranked = [Carries.Explicit, Carries.Ambient].flatMap((rank) =>
      satisfiable.filter((member) => member.carries(run) === rank),
    );
    if (ranked.length > 0) return ranked;
    return this.carries(run) === Carries.Explicit ? [] : satisfiable;
  }

  #tryFrom(
    index: number,
    candidates: readonly RequirementNode[],
    remembered: Refusal | undefined,
    run: Run,
  ): Eventually<Outcome> {
    const candidate = candidates[index];
    if (candidate === undefined) return remembered ?? MISSING;
    const { attempted } = run;
    return andThen(candidate.evaluate(run), (outcome) => {
      if (!(outcome instanceof Refusal) || isFinal(outcome)) return outcome;
      run.attempted = attempted;
      return this.#tryFrom(index + 1, candidates, graver(remembered, outcome), run);
    });
  }
}

export class OptionalNode implements RequirementNode {
  readonly #member: RequirementNode;

  constructor(member: RequirementNode) {
    this.#member = member;
  }

  isSatisfiable(run: Run): boolean {
    return this.#member.isSatisfiable(run) || this.#member.carries(run) !== Carries.Explicit;
  }

  carries(run: Run): Carries {
    return this.#member.carries(run);
  }

  evaluate(run: Run): Eventually<Outcome> {
    return this.#member.isSatisfiable(run) ? this.#member.evaluate(run) : ANONYMOUS_VERDICT;
  }
}

export class AttemptNode implements RequirementNode {
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

  evaluate(run: Run): Eventually<Outcome> {
    if (!this.#member.isSatisfiable(run)) {
      return this.#member.carries(run) === Carries.Explicit ? goOn(MISSING, run) : ANONYMOUS_VERDICT;
    }
    const { attempted } = run;
    return andThen(this.#member.evaluate(run), (outcome) => {
      if (!(outcome instanceof Refusal) || !isBadCredential(outcome)) return outcome;
      run.attempted = attempted;
      return goOn(outcome, run);
    });
  }
}

/** A comparison that answers later, or not with true or false, is a bug and not a mismatch. */
function agreement(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  disregard(answer);
  throw new TypeError('sameParty() returned neither true nor false');
}

/** Records what an attempt let pass and continues as the anonymous principal. */
export function goOn(refusal: Refusal, run: Run): Authenticated {
  run.attempted ??= refusal;
  return ANONYMOUS_VERDICT;
}

/** An outage, a lock-out, a syntax error or a bug is no statement about the credential, so an attempt cannot ignore it. */
function isBadCredential({ verdict }: Refusal): boolean {
  return verdict.kind === 'denied' || verdict.kind === 'forbidden' || verdict.kind === 'challenged';
}

function isFinal({ verdict }: Refusal): boolean {
  return verdict.kind !== 'unavailable' && verdict.kind !== 'challenged';
}

/** `unavailable` beats `challenged`; among equals the first stays. */
function graver(remembered: Refusal | undefined, latest: Refusal): Refusal {
  if (remembered === undefined) return latest;
  return remembered.verdict.kind === 'challenged' && latest.verdict.kind === 'unavailable' ? latest : remembered;
}

function strongest(members: readonly RequirementNode[], run: Run): Carries {
  return members.reduce<Carries>((most, member) => Math.max(most, member.carries(run)), Carries.Nothing);
}
