import { option, type SecurityRequest } from '@sallyport/core/extend';

/** Who gets the Basic challenge. */
export type ChallengeAudience = 'everyone' | 'allButScripts' | 'nobody';

export const challengeAudience: option.Check<ChallengeAudience> = option.oneOf('everyone', 'allButScripts', 'nobody');

/** Whether a caller must not get a Basic challenge, which makes a browser ask its user for a password. */
export function isOutside(audience: ChallengeAudience, request: SecurityRequest): boolean {
  if (audience === 'allButScripts') return isOfScript(request);
  return audience === 'nobody';
}

/**
 * Whether a script of a page sent a request. Browsers say so themselves (Fetch Metadata), but only over TLS; libraries
 * have a header of their own.
 */
function isOfScript(request: SecurityRequest): boolean {
  const mode = request.header('sec-fetch-mode');
  if (mode !== undefined) return mode !== 'navigate';
  return request.header('x-requested-with')?.toLowerCase() === 'xmlhttprequest';
}
