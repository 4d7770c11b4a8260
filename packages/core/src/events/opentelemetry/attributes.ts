import type { Attributes } from '@opentelemetry/api';
import type { DecisionEvent } from '../decision-events.js';

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
    'sallyport.operation': event.operation,
    'sallyport.principal.kind': event.principal?.kind,
    'sallyport.request_id': event.requestId,
    'sallyport.correlation_id': event.correlationId,
  };
}

/**
 * The attributes of metrics. Their values come from configuration and code, never from a client, so their number is
 * bounded.
 */
export function metricAttributes({ chain, guard, outcome, status, reason }: DecisionEvent): Attributes {
  return {
    'sallyport.chain': chain,
    'sallyport.guard': guard,
    'sallyport.outcome': outcome,
    'sallyport.reason': reason,
    'http.response.status_code': status,
    'error.type': status !== undefined && status >= 500 ? reason : undefined,
  };
}

const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);

/** The semantic conventions ask for `_OTHER` instead of an unknown method, because clients can invent methods. */
function knownMethod(method: string): string {
  return KNOWN_METHODS.has(method) ? method : '_OTHER';
}
