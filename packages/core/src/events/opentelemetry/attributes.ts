import type { Attributes } from '@opentelemetry/api';
import type { DecisionEvent } from '../decision-events.js';
import { knownMethod } from '../statistics/known-method.js';

/** Names the instrumentation in spans and metrics. */
export const SCOPE = '@sallyport/core';

/** The attributes of a span. They name only the kind of the principal: identities belong in the audit log. */
export function spanAttributes(event: DecisionEvent): Attributes {
  return {
    ...metricAttributes(event),
    'http.request.method': knownMethod(event.method),
    'http.route': event.route,
    'client.address': event.remoteAddress,
    'sallyport.headers_from': event.headersFrom,
    'sallyport.principal.kind': event.principal?.kind,
    'sallyport.request_id': event.requestId,
    'sallyport.correlation_id': event.correlationId,
  };
}

/**
 * The attributes of metrics. Their values come from configuration and code, never from a client, so their number is
 * bounded.
 */
export function metricAttributes({ chain, guard, operation, outcome, status, reason }: DecisionEvent): Attributes {
  return {
    'sallyport.chain': chain,
    'sallyport.guard': guard,
    'sallyport.operation': operation,
    'sallyport.outcome': outcome,
    'sallyport.reason': reason,
    'http.response.status_code': status,
    'error.type': status !== undefined && status >= 500 ? reason : undefined,
  };
}
