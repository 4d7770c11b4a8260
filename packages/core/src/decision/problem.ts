/** The content of a denial's body. All texts come from a fixed catalogue; nothing of the request is repeated. */
export interface Problem {
  readonly status: number;
  /** The reason phrase of the status (RFC 9457 4.2.1, `about:blank`). */
  readonly title: string;
  readonly detail: string;
  /** A public code; an RFC 6750 code where one applies. */
  readonly code: string;
  /** The scopes that would be enough, on `insufficient_scope`. */
  readonly scopes: readonly string[] | undefined;
  readonly correlationId: string | undefined;
}

/** What the client would like to get. */
export interface ProblemContext {
  /**
   * The Accept header (RFC 9110 12.5.1) as it was sent, several lines joined by comma. Undefined if there was none. It may
   * be any text: choose by it, and write nothing of it.
   */
  readonly accept: string | undefined;
}

/** The body of a denial. */
export interface ProblemBody {
  readonly contentType: string;
  readonly body: string;
}

/** Writes a problem as a body. Must not throw and must not add anything of the request. */
export type ProblemFormatter = (problem: Problem, context: ProblemContext) => ProblemBody;

/**
 * The default body: problem details (RFC 9457).
 * @example
 * new SecurityChain({ requirement: jwt, format: (problem) => ({ ...problemJson(problem), headers: [] }) });
 */
export function problemJson({ status, title, detail, code, scopes, correlationId }: Problem): ProblemBody {
  return {
    contentType: 'application/problem+json',
    body: JSON.stringify({ type: 'about:blank', title, status, detail, code, scopes, correlationId }),
  };
}

export const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** The catalogue: public code to text. The first five texts are also the `error_description` (RFC 6750 3). */
export const DETAILS = {
  invalid_request: 'The request is malformed or carries its credentials in more than one way.',
  invalid_token: 'The access token is missing, expired, revoked or otherwise not valid.',
  invalid_dpop_proof: 'The DPoP proof is missing, used before or otherwise not valid for this request.',
  insufficient_scope: 'The access token does not carry a scope that this operation needs.',
  insufficient_user_authentication: 'The user has to authenticate anew, as this operation needs it.',
  unauthenticated: 'This resource needs credentials.',
  invalid_credentials: 'The credentials are not valid.',
  forbidden: 'The caller may not do this.',
  authentication_required: 'A further authentication step is needed.',
  not_found: 'There is no such operation.',
  method_not_allowed: 'This can only be read.',
  request_timeout: 'The body did not arrive in time.',
  content_too_large: 'The body is larger than this operation takes.',
  rate_limited: 'Too many attempts. Try again later.',
  temporarily_unavailable: 'The request could not be checked. Try again later.',
  internal_error: 'The request could not be processed.',
} as const;

export type PublicCode = keyof typeof DETAILS;
