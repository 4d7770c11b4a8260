import type { Eventually } from '../clock/eventually.js';
import type { Guard } from '../guard/guard.js';
import type { SecurityRequest } from '../request/request.js';
import type { Decision, GrantedDecision } from './decision.js';

/** What an adapter asks: a `SecurityChain`, or whatever stands in front of one and hands its decisions on. */
export interface Decider {
  /** Decides about a request. Never throws and never rejects; a decision that needs no I/O is no promise. */
  decide(request: SecurityRequest): Eventually<Decision>;
  /** Runs one more guard, which a route adds, on what was granted here. */
  authorize(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision>;
  /** Whether what was granted here still holds where the framework has chosen another route since. */
  covers(granted: GrantedDecision, request: SecurityRequest): boolean;
}
