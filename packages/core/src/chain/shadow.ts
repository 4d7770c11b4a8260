import { disregard, type Eventually } from '../clock/eventually.js';
import type { Decider } from '../decision/decider.js';
import type { Decision, GrantedDecision } from '../decision/decision.js';
import type { DecisionEvent } from '../events/decision-events.js';
import { harmless } from '../events/harmless.js';
import type { Guard } from '../guard/guard.js';
import * as option from '../options/options.js';
import type { Principal } from '../principal/principal.js';
import { SecurityRequest } from '../request/request.js';
import { SecurityChain } from './chain.js';

/** What a decider makes of a request. */
export interface ShadowedOutcome {
  /** The status of the denial; undefined when granted. */
  readonly status: number | undefined;
  /** The stable reason code of the denial; undefined when granted. */
  readonly reason: string | undefined;
  /** Who is let in; undefined when denied. */
  readonly principal: Principal | undefined;
}

/** A request that the candidate would have answered differently. */
export interface ShadowDifference {
  readonly method: string;
  /** The id of the operation that the candidate chose, or its path template; undefined where it chose none. */
  readonly operation: string | undefined;
  /** What the caller got. */
  readonly answered: ShadowedOutcome;
  /** What the candidate would have answered. */
  readonly candidate: ShadowedOutcome;
  /** Why the candidate would have answered so. */
  readonly event: DecisionEvent;
}

const candidateChain: option.Check<SecurityChain> = (value, name) => {
  if (value instanceof SecurityChain) return value;
  throw option.invalid(name, 'must be a SecurityChain');
};

export const SHADOW = option.table('ShadowOptions', {
  /** The chain that is tried. It decides about every request, too, and its decisions change nothing. */
  candidate: candidateChain,
  /** Called with every difference. What it throws changes no decision. */
  onDifference: option.callable<(difference: ShadowDifference) => void>(),
});

export interface ShadowOptions extends option.Given<typeof SHADOW> {}

const isDecider = option.having<Decider>('decide', 'authorize', 'covers');

/** Refusals that concern one attempt and not the configuration: nobody waits for the answer any more. */
const OF_THE_MOMENT: ReadonlySet<string> = new Set(['client_gone', 'abandoned']);

/**
 * Tries a new chain beside the one that decides: callers get the answers of `decider`, and differences of the candidate are
 * told by operation and reason. The candidate is asked in the same tick, so it costs as much as it will cost later. It
 * publishes no decision events. Start and close it yourself. Give it handlers of its own where a handler counts or marks
 * what it sees, such as failed logins: otherwise each request counts twice. Not compared are the requirements and guards
 * that routes add, and requests whose body the candidate would have to read.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const decider = shadow(chain, {
 *   candidate: new SecurityChain({ name: 'next', requirement: jwt }),
 *   onDifference: ({ method, operation, answered, candidate }) => log.warn(method, operation, answered.status, candidate.status),
 * });
 * const secure = expressSecurity(decider);
 */
export function shadow<Scopes extends string = string>(
  decider: Decider<Scopes>,
  options: ShadowOptions,
): Decider<Scopes> {
  isDecider(decider, 'the first argument of shadow()');
  const { candidate, onDifference } = SHADOW(options);
  const tell = harmless(onDifference, 'shadow()');

  async function compare(answered: Eventually<Decision>, request: SecurityRequest): Promise<void> {
    const { decision, event } = await candidate.explain(withoutBody(request));
    const [first, second] = [outcomeOf(await answered), outcomeOf(decision)];
    if (OF_THE_MOMENT.has(first.reason ?? '') || OF_THE_MOMENT.has(second.reason ?? '')) return;
    if (areAlike(first, second)) return;
    const { method, operation = event.route } = event;
    tell(Object.freeze({ method, operation, answered: first, candidate: second, event }));
  }

  return {
    decide(request: SecurityRequest, earlier?: GrantedDecision, next?: Guard<Scopes>): Eventually<Decision> {
      const answered = decider.decide(request, earlier, next);
      disregard(compare(answered, request));
      return answered;
    },
    authorize: (granted, guard, request) => decider.authorize(granted, guard, request),
    covers: (granted, request) => decider.covers(granted, request),
    ...(decider.readsBodies && { readsBodies: (method: string) => decider.readsBodies?.(method) ?? false }),
    ...(decider.published && { published: (method: string, target: string) => decider.published?.(method, target) }),
    ...(decider.expect && { expect: (guard: Guard<Scopes>) => decider.expect?.(guard) }),
    ...(decider.requiring && { requiring: decider.requiring.bind(decider) }),
  };
}

/** The same request for the candidate. The adapter gives the body once, and that is for the decider. */
function withoutBody(request: SecurityRequest): SecurityRequest {
  return new SecurityRequest({
    method: request.method,
    target: request.target,
    rawHeaders: SecurityRequest.linesOf(request),
    headersFrom: request.headersFrom,
    remoteAddress: request.remoteAddress,
    route: request.route,
    clientCertificate: () => request.clientCertificate(),
    body: () => 'broken_off',
  });
}

function outcomeOf(decision: Decision): ShadowedOutcome {
  return decision.kind === 'granted'
    ? { status: undefined, reason: undefined, principal: decision.principal }
    : { status: decision.status, reason: decision.reason, principal: undefined };
}

function areAlike(first: ShadowedOutcome, second: ShadowedOutcome): boolean {
  return (
    first.status === second.status && first.reason === second.reason && areTheSame(first.principal, second.principal)
  );
}

/** Who it is and what it may do. Claims, times and the handlers that proved it may differ. */
function areTheSame(one: Principal | undefined, other: Principal | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.kind === other.kind &&
    one.issuer === other.issuer &&
    one.subject === other.subject &&
    one.clientId === other.clientId &&
    haveTheSame(one.scopes, other.scopes) &&
    haveTheSame(one.roles, other.roles)
  );
}

function haveTheSame(some: readonly string[], others: readonly string[]): boolean {
  return some.every((item) => others.includes(item)) && others.every((item) => some.includes(item));
}
