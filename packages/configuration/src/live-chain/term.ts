import type { Decider, Decision, GrantedDecision, Guard, Requirement } from '@sallyport/core';
import type { Eventually, SecurityRequest } from '@sallyport/core/extend';
import type { BuiltChain } from '../chain/built-chain.js';

/** The time in which one chain decides. It counts the decisions that are under way, so that it ends after the last. */
export class Term {
  readonly chain: BuiltChain;
  readonly sinceMs: number;
  #underWay = 0;
  #ended: (() => void) | undefined;

  constructor(chain: BuiltChain, sinceMs: number) {
    this.chain = chain;
    this.sinceMs = sinceMs;
  }

  /** By the requirement of a route, or by that of the chain. */
  decide(
    request: SecurityRequest,
    earlier: GrantedDecision | undefined,
    next: Guard | undefined,
    requirement: Requirement | undefined,
  ): Eventually<Decision> {
    return this.#counted(this.deciderFor(requirement).decide(request, earlier, next));
  }

  deciderFor(requirement: Requirement | undefined): Decider {
    return requirement === undefined ? this.chain : this.chain.requiring(requirement);
  }

  authorize(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return this.#counted(this.chain.authorize(granted, guard, request));
  }

  /** Waits for the decisions that are under way. Each has the deadline of the chain. */
  async end(): Promise<void> {
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
  }

  #counted(decision: Eventually<Decision>): Eventually<Decision> {
    if (!(decision instanceof Promise)) return decision;
    this.#underWay += 1;
    return decision.finally(() => {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#ended?.();
    });
  }
}
