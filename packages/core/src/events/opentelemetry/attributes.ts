import type { Attributes } from '@opentelemetry/api';
import type { DecisionEvent } from '../decision-events.js';

/** Names the instrumentation in spans and metrics. */
export const SCOPE = '@sallyport/core';

/** What a span says about a decision. Says who was let in by kind only: identities belong into the audit log. */
export function spanAttributes(event: DecisionEvent): Attributes {
  return {
    ...metricAttributes(event),
    'http.request.method': knownMethod(event.method),
    'http.route': event.route,
    'client.address': event.remoteAddress,
    'sallyport.operation': event.operation,
    'sallyport.principal.kind': event.principal?.kind,
    'sallyport.correlation_id': event.correlationId,
  };
}

/** What metrics tell apart: only what configuration and code bound, nothing that a client chooses. */
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

/** The semantic conventions ask for `_OTHER` in place of methods that anybody could invent. */
function knownMethod(method: string): string {
  return KNOWN_METHODS.has(method) ? method : '_OTHER';
}
