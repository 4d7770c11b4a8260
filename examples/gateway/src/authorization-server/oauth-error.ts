/**
 * An error answer of the token endpoint (RFC 6749 5.2), shaped like the errors of oidc-provider. Importing those would
 * load the whole library, which prints a notice.
 */
export class OAuthError extends Error {
  readonly error: string;
  readonly error_description: string;
  readonly status: number;
  readonly statusCode: number;
  readonly expose = true;

  constructor(
    error:
      | 'invalid_request'
      | 'invalid_client'
      | 'invalid_grant'
      | 'invalid_target'
      | 'temporarily_unavailable'
      | 'unauthorized_client',
    description: string,
    status = 400,
  ) {
    super(error);
    this.error = error;
    this.error_description = description;
    this.status = status;
    this.statusCode = status;
  }

  /** For a password or secret that was not checked: too many have failed (429), or they cannot be checked now (503). */
  static ofCheck(error: 'invalid_client' | 'invalid_grant', status: number): OAuthError {
    return status === 429
      ? new OAuthError(error, 'too many attempts have failed; try again later', status)
      : new OAuthError('temporarily_unavailable', 'this cannot be checked right now', status);
  }
}
