import type { HeaderLine } from '@sallyport/core/extend';

/** The whole answer of an endpoint. */
export interface EndpointAnswer {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  readonly body: string;
}

const NO_STORE: HeaderLine = Object.freeze(['Cache-Control', 'no-store']);
const JSON_BODY: HeaderLine = Object.freeze(['Content-Type', 'application/json']);

/** Done, or nothing to be done. */
export const DONE: EndpointAnswer = Object.freeze({ status: 200, headers: Object.freeze([NO_STORE]), body: '' });

/** An error as OAuth writes it (RFC 6749 5.2). Both texts are of a fixed catalogue. */
export function failure(
  status: number,
  error: string,
  description: string,
  ...headers: readonly HeaderLine[]
): EndpointAnswer {
  const body = JSON.stringify({ error, error_description: description });
  return Object.freeze({ status, headers: Object.freeze([NO_STORE, JSON_BODY, ...headers]), body });
}

export const NOT_POST: EndpointAnswer = failure(405, 'invalid_request', 'The method must be POST.', ['Allow', 'POST']);

export const TOO_LARGE: EndpointAnswer = failure(413, 'invalid_request', 'The body is too large.');

export const NO_FORM: EndpointAnswer = failure(
  400,
  'invalid_request',
  'The body must be a form (application/x-www-form-urlencoded).',
);

/** A bug; the operator is told. */
export const BROKEN: EndpointAnswer = failure(500, 'server_error', 'The request could not be processed.');

/** The sender may try again: nobody knows yet whether it has had its effect everywhere. */
export function tryAgain(seconds: number = 1): EndpointAnswer {
  const retryAfter: HeaderLine = ['Retry-After', String(Math.max(1, Math.ceil(seconds)))];
  return failure(503, 'temporarily_unavailable', 'This cannot be done now.', retryAfter);
}
