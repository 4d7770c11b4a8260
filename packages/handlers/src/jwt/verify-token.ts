import { type Verdict } from '@sallyport/core';
import { FoundedVerdict, isVerdict } from '@sallyport/core/extend';
import { openJws } from '../jose/open-jws.js';
import type { Issuer } from './issuer.js';
import { tokenVerdict } from './token-verdict.js';

/** Under which circumstances a token is verified. */
export interface Verification {
  /** The current time in seconds since the epoch. */
  readonly now: () => number;
  readonly clockToleranceSeconds: number;
  /** The name of the handler that proves the token. */
  readonly handler: string;
  /** Told about headers that offer a key. */
  readonly onKeyOffer: () => void;
}

/**
 * Verifies a token of an issuer (RFC 7519 7.2, RFC 9068 4): first the signature, then the claims.
 * @throws {UpstreamError} when the issuer's keys cannot be had
 */
export async function verifyToken(
  token: string,
  issuer: Issuer,
  verification: Verification,
  address: string | undefined,
): Promise<Verdict | FoundedVerdict> {
  const { clockToleranceSeconds, handler, onKeyOffer } = verification;
  const opened = await openJws(token, { ...issuer, onKeyOffer, address });
  if (isVerdict(opened)) return opened;
  const { claims, header, key } = opened;
  const judgement = { now: verification.now(), clockToleranceSeconds, isAccessToken: header.isAccessToken, handler };
  return new FoundedVerdict(tokenVerdict(claims, issuer.settings, judgement), key);
}
