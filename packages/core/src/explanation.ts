import type { Decision } from './decision.js';
import type { DecisionEvent, PrincipalSummary } from './events.js';
import type { Principal } from './principal.js';
import type { SecurityRequest } from './request.js';
import type { DecisionTrace } from './trace.js';

/** A decision and how it came about. */
export interface Explanation {
  readonly decision: Decision;
  readonly event: DecisionEvent;
}

/** Where and how a decision was made. */
export interface Circumstances {
  readonly chain: string;
  readonly operation: string | undefined;
  readonly request: SecurityRequest;
  readonly trace: DecisionTrace;
  readonly durationMs: number;
}

export function explanationOf(decision: Decision, circumstances: Circumstances): Explanation {
  const { chain, operation, request, trace, durationMs } = circumstances;
  const granted = decision.kind === 'granted';
  const event: DecisionEvent = Object.freeze({
    chain,
    method: request.method,
    path: request.path,
    operation,
    remoteAddress: request.remoteAddress,
    outcome: decision.kind,
    status: granted ? undefined : decision.status,
    reason: granted ? decision.attempted?.reason : decision.reason,
    principal: granted ? summary(decision.principal) : undefined,
    steps: trace.steps,
    fault: trace.fault,
    correlationId: granted ? undefined : decision.correlationId,
    durationMs,
  });
  return Object.freeze({ decision, event });
}

function summary({ kind, issuer, subject, clientId }: Principal): PrincipalSummary {
  return Object.freeze({ kind, issuer, subject, clientId });
}
