/**
 * An error answer of the token endpoint (RFC 6749 5.2), shaped like oidc-provider's own errors. Those could be
 * imported instead, but only together with the whole library and the notice that it prints when it is loaded.
 */
export class OAuthError extends Error {
  readonly error: string;
  readonly error_description: string;
  readonly status = 400;
  readonly statusCode = 400;
  readonly expose = true;

  constructor(
    error: 'invalid_request' | 'invalid_grant' | 'invalid_target' | 'unauthorized_client',
    description: string,
  ) {
    super(error);
    this.error = error;
    this.error_description = description;
  }
}
