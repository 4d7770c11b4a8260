import { malformed, type SecurityRequest, type Verdict } from '@sallyport/core';

/** b64token (RFC 6750 2.1). */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const MAX_TOKEN_LENGTH = 8_192;

const MALFORMED: Verdict = malformed('bearer_token_malformed');
const TOO_LONG: Verdict = malformed('bearer_token_too_long');

/**
 * The access token of the Authorization header (RFC 6750 2.1): `undefined` when another scheme or nothing was sent,
 * `malformed` when what follows `Bearer` is no b64token or longer than 8 192 characters.
 */
export function extractBearerToken(request: SecurityRequest): string | Verdict | undefined {
  const { authorization } = request;
  if (authorization.kind !== 'credentials' || authorization.scheme !== 'bearer') return undefined;
  if (authorization.value.length > MAX_TOKEN_LENGTH) return TOO_LONG;
  return B64TOKEN.test(authorization.value) ? authorization.value : MALFORMED;
}
