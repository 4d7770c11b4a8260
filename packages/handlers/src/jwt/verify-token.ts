import { denied, isVerdict, type Verdict } from '@sallyport/core';
import { parseStrictJson } from '../strict-json.js';
import { hasSignatureLength } from './algorithms.js';
import { parseCompactJws } from './compact-jws.js';
import type { Issuer } from './issuer.js';
import { isSignedWith } from './signature.js';
import { readTokenHeader } from './token-header.js';
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

const TOKEN_MALFORMED = denied('token_malformed');
const KEY_UNKNOWN = denied('key_unknown');
const KEY_UNFIT = denied('key_unfit');
const SIGNATURE_INVALID = denied('signature_invalid');
const CLAIMS_MALFORMED = denied('claims_malformed');

/**
 * Verifies a token of an issuer (RFC 7519 7.2, RFC 9068 4). The order matters: nothing is looked up for a header that
 * breaks the rules, and no claim is read before the signature was right.
 * @throws {UpstreamError} when the issuer's keys cannot be had
 */
export async function verifyToken(token: string, issuer: Issuer, verification: Verification): Promise<Verdict> {
  const jws = parseCompactJws(token);
  if (jws === undefined) return TOKEN_MALFORMED;
  const header = readTokenHeader(jws.header, issuer.headerRules);
  if (isVerdict(header)) return header;
  const { algorithm, keyId, isAccessToken } = header;
  if (header.offersKey) verification.onKeyOffer();
  if (!hasSignatureLength(jws.signature, algorithm)) return SIGNATURE_INVALID;
  const found = issuer.keys.find(keyId, algorithm);
  const key = found instanceof Promise ? await found : found;
  if (key === 'unknown') return KEY_UNKNOWN;
  if (key === 'unfit') return KEY_UNFIT;
  if (!(await isSignedWith(jws, key, algorithm))) return SIGNATURE_INVALID;
  const claims = parseStrictJson(Buffer.from(jws.payload, 'base64url'));
  if (claims === undefined) return CLAIMS_MALFORMED;
  const { clockToleranceSeconds, handler } = verification;
  const now = verification.now();
  return tokenVerdict(claims, issuer.settings, { now, clockToleranceSeconds, isAccessToken, handler });
}
