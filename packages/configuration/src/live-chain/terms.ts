import {
  type Decider,
  type Decision,
  type GrantedDecision,
  type Guard,
  type Lease,
  type Requirement,
  SecurityChain,
} from '@sallyport/core';
import type { Eventually, IncomingRequest, LeaseTerms, SecurityRequest } from '@sallyport/core/extend';
import type { BuiltChain } from '../chain/built-chain.js';
import { Living } from './living.js';
import { Term } from './term.js';

/** The chains that decide one after the other. A request that one of them has granted stays with that one. */
export class Terms implements Decider {
  /** Which term made a grant: a grant outlives the term. */
  readonly #byChain = new WeakMap<SecurityChain, Term>();
  /** What routes require. A requirement that is made for one request goes with it. */
  readonly #ofRoutes = new Living<Requirement>();
  /** The guards that routes add. */
  readonly #guards = new Living<Guard>();
  #current: Term;

  constructor(chain: BuiltChain, sinceMs: number) {
    this.#current = this.#begin(chain, sinceMs);
  }

  get current(): Term {
    return this.#current;
  }

  /** Lets a chain take over. Gives back the term before. */
  succeed(chain: BuiltChain, sinceMs: number): Term {
    const before = this.#current;
    this.#current = this.#begin(chain, sinceMs);
    chain.succeed(before.chain);
    return before;
  }

  /** Starts a chain with what routes require. Another route may be mounted meanwhile. */
  async prepare(chain: BuiltChain): Promise<void> {
    try {
      this.#tellRoutes(chain);
      await chain.start();
      this.#tellRoutes(chain);
    } catch (error) {
      await chain.close().catch(() => {});
      throw error;
    }
  }

  decide(
    request: SecurityRequest,
    earlier?: GrantedDecision,
    next?: Guard,
    requirement?: Requirement,
  ): Eventually<Decision> {
    const term = (earlier && this.#termOf(earlier)) ?? this.#current;
    return term.decide(request, earlier, next, requirement);
  }

  expect(guard: Guard): void {
    this.#current.chain.expect(guard);
    this.#guards.add(guard);
  }

  lease(granted: GrantedDecision, request: IncomingRequest, terms: LeaseTerms): Lease {
    const term = this.#termOf(granted) ?? this.#current;
    const lease = term.chain.lease(granted, request, { ...terms, isHeritable: true });
    // A chain may have taken over since the decision.
    if (term !== this.#current) this.#current.chain.succeed(term.chain);
    return lease;
  }

  authorize(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return (this.#termOf(granted) ?? this.#current).authorize(granted, guard, request);
  }

  covers(granted: GrantedDecision, request: SecurityRequest, requirement?: Requirement): boolean {
    return this.#termOf(granted)?.deciderFor(requirement).covers(granted, request) ?? false;
  }

  requiring(requirement: Requirement): Decider {
    this.#current.deciderFor(requirement);
    this.#ofRoutes.add(requirement);
    return {
      decide: (request, earlier, next) => this.decide(request, earlier, next, requirement),
      authorize: (granted, guard, request) => this.authorize(granted, guard, request),
      covers: (granted, request) => this.covers(granted, request, requirement),
      readsBodies: (method) => this.#current.deciderFor(requirement).readsBodies?.(method) ?? false,
    };
  }

  #tellRoutes(chain: BuiltChain): void {
    for (const requirement of this.#ofRoutes.items) chain.requiring(requirement);
    for (const guard of this.#guards.items) chain.expect(guard);
  }

  #begin(chain: BuiltChain, sinceMs: number): Term {
    const term = new Term(chain, sinceMs);
    this.#byChain.set(chain, term);
    return term;
  }

  #termOf(granted: GrantedDecision): Term | undefined {
    const chain = SecurityChain.of(granted);
    return chain && this.#byChain.get(chain);
  }
}
