import type { Eventually } from '../clock/eventually.js';
import type { Guard } from '../guard/guard.js';
import type { IncomingRequest, SecurityRequest } from '../request/request.js';
import type { Requirement } from '../requirement/requirement.js';
import type { HeaderLine } from '../verdict/verdict.js';
import type { Decision, GrantedDecision } from './decision.js';
import type { Lease, LeaseTerms } from './lease.js';

/** An answer that everybody gets, complete. Adapters write it as they write a denial. */
export interface PublicAnswer {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  readonly body: string;
}

/**
 * Decides about the requests of an adapter: a `SecurityChain`, or an object that stands in front of one and returns its
 * decisions. `Scopes` are the scopes that there are, as the compiler knows them; by default any text is one.
 */
export interface Decider<Scopes extends string = string> {
  /**
   * Decides about a request. Never throws and never rejects. A decision that needs no I/O is returned without a
   * promise. `earlier` is what this decider, or another one that its `requiring` made, has granted the same request: what
   * was proved there is not proved again, and what was required there still is. `next` is the guard that is asked after a
   * grant: challenges name its scopes, too. A decider that ignores it leaves them out.
   */
  decide(request: SecurityRequest, earlier?: GrantedDecision, next?: Guard<Scopes>): Eventually<Decision>;
  /** Asks one more guard, which a route added, after a request was granted here. */
  authorize(granted: GrantedDecision, guard: Guard<Scopes>, request: SecurityRequest): Eventually<Decision>;
  /** Whether a decision that was granted here still holds. The framework may have chosen another route since. */
  covers(granted: GrantedDecision, request: SecurityRequest): boolean;
  /**
   * Whether the body of a request of this method may be needed for a proof. Adapters that have no body to give refuse such
   * a decider when they are mounted. Default: not told; then each request is refused that would need its body.
   */
  readsBodies?(method: string): boolean;
  /**
   * What the decider itself publishes under this target, such as the metadata of the resource (RFC 9728 3). Adapters ask
   * before they ask for a decision, and write the answer as it is. Undefined for all other requests. Default: nothing.
   */
  published?(method: string, target: string): PublicAnswer | undefined;
  /**
   * Told of a guard that a route adds, when the route is made: the metadata of the resource list its scopes (RFC 9728 2).
   * Default: they are not listed.
   */
  expect?(guard: Guard<Scopes>): void;
  /**
   * Lets a decision go on that was granted here, or by a decider that `requiring` made: for answers and connections that last.
   * `request` is read at once and not kept. A decider without this method grants no leases.
   */
  lease?(granted: GrantedDecision, request: IncomingRequest, terms: LeaseTerms): Lease;
  /** Makes the decider of a route that has this requirement instead. A decider without this method takes none. */
  requiring?(requirement: Requirement): Decider;
}
