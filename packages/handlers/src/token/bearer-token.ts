import { malformed, type Verdict } from '@sallyport/core';
import { type SecurityRequest } from '@sallyport/core/extend';

/** b64token (RFC 6750 2.1). */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const MAX_TOKEN_LENGTH = 8_192;

const MALFORMED: Verdict = malformed('bearer_token_malformed');
const TOO_LONG: Verdict = malformed('bearer_token_too_long');

/**
 * The unchecked text after `Bearer`, for callers that look it up among known tokens first and check unknown ones with
 * `malformedToken`. `undefined` when another scheme or nothing was sent.
 */
export function bearerText({ authorization }: SecurityRequest): string | undefined {
  return authorization.kind === 'credentials' && authorization.scheme === 'bearer' ? authorization.value : undefined;
}

/** What is wrong with a text as a bearer token (RFC 6750 2.1), if anything is. */
export function malformedToken(text: string): Verdict | undefined {
  if (text.length > MAX_TOKEN_LENGTH) return TOO_LONG;
  return isBearerToken(text) ? undefined : MALFORMED;
}

export function isBearerToken(text: string): boolean {
  return B64TOKEN.test(text);
}

/**
 * The access token of the Authorization header (RFC 6750 2.1): `undefined` when another scheme or nothing was sent,
 * `malformed` when what follows `Bearer` is no b64token or longer than 8 192 characters.
 */
export function extractBearerToken(request: SecurityRequest): string | Verdict | undefined {
  const text = bearerText(request);
  return text === undefined ? undefined : (malformedToken(text) ?? text);
}
