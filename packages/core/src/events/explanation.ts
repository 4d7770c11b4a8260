import type { Decision } from '../decision/decision.js';
import type { Principal } from '../principal/principal.js';
import type { SecurityRequest } from '../request/request.js';
import type { DecisionTrace } from '../request/trace.js';
import type { DecisionEvent, PrincipalSummary } from './decision-events.js';

/** A decision and how it came about. */
export interface Explanation {
  readonly decision: Decision;
  readonly event: DecisionEvent;
  /**
   * The same in one line, as `NODE_DEBUG=sallyport` writes it: what every handler said, who called, and what to change.
   * It may quote what an unverified credential says, but holds no secret.
   */
  readonly line: string;
  /** What to change after a refusal, as `line` says it; undefined when granted, or when nobody knows. */
  readonly fix: string | undefined;
}

/** Where and how a decision was made. */
export interface Circumstances {
  readonly chain: string;
  /**
   * The name of the guard that a route added to an earlier decision; undefined for the decision about the request
   * itself.
   */
  readonly guard: string | undefined;
  readonly request: SecurityRequest;
  readonly requestId: string | undefined;
  readonly trace: DecisionTrace;
}

export function eventOf(decision: Decision, circumstances: Circumstances): DecisionEvent {
  const { chain, guard, request, requestId, trace } = circumstances;
  const granted = decision.kind === 'granted';
  const caller = granted ? decision.principal : trace.caller;
  return Object.freeze({
    chain,
    method: request.method,
    route: trace.operation?.template ?? chosenRoute(request),
    operation: trace.operation?.id,
    guard,
    remoteAddress: request.remoteAddress,
    headersFrom: request.headersFrom,
    requestId,
    outcome: decision.kind,
    status: granted ? undefined : decision.status,
    reason: granted ? decision.attempted?.reason : decision.reason,
    refusedBy: granted ? undefined : trace.refusedBy,
    detail: granted ? undefined : trace.detail,
    principal: caller && summary(caller),
    missing: granted ? undefined : trace.missing,
    steps: trace.steps,
    unclaimed: trace.unclaimed,
    limits: trace.limits,
    fault: trace.fault,
    correlationId: granted ? undefined : decision.correlationId,
    durationMs: trace.elapsedMs,
  });
}

/** The framework's route. The root of a mounted router has an empty template, which is shown as `/`. */
function chosenRoute({ route }: SecurityRequest): string | undefined {
  return route?.template === '' ? '/' : route?.template;
}

function summary({ kind, issuer, subject, clientId, actor }: Principal): PrincipalSummary {
  return Object.freeze({ kind, issuer, subject, clientId, actor });
}
