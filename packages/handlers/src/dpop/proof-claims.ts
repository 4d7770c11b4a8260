import type { Denied } from '@sallyport/core';
import { parseStrictJson } from '@sallyport/core/extend';
import { listed, typeOf } from '../token/details.js';
import { badProof } from './dpop-verdict.js';

/** What a proof says (RFC 9449 4.2). */
export interface ProofClaims {
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly ath: string;
  readonly nonce: string | undefined;
}

/** A mark is kept of each, so that no text is longer than it has to be. */
const MAX_JTI_CHARACTERS = 256;
const TEXTS = ['jti', 'htm', 'htu', 'ath'] as const;

/** Reads the claims of a proof (RFC 9449 4.3, check 3). null is no value here: nothing but clients writes proofs. */
export function readProofClaims(encoded: string): ProofClaims | Denied {
  const claims = parseStrictJson(Buffer.from(encoded, 'base64url'));
  if (claims === undefined)
    return badProof('dpop_proof_malformed', 'its claims are no JSON object that can be read in one way');
  const missing = [...TEXTS, 'iat'].filter((name) => claims[name] === undefined);
  if (missing.length > 0) return badProof('dpop_proof_claim_missing', `missing: ${listed(missing)}`);
  const { iat, nonce, jti } = claims;
  const mistyped = TEXTS.find((name) => typeof claims[name] !== 'string' || claims[name] === '');
  if (mistyped !== undefined) return mistypedClaim(mistyped, claims[mistyped], 'a text');
  if (!Number.isFinite(iat)) return mistypedClaim('iat', iat, 'a number of seconds');
  if (nonce !== undefined && typeof nonce !== 'string') return mistypedClaim('nonce', nonce, 'a text');
  if ((jti as string).length > MAX_JTI_CHARACTERS) {
    return mistypedClaim('jti', jti, `a text of at most ${MAX_JTI_CHARACTERS} characters`);
  }
  return claims as unknown as ProofClaims;
}

function mistypedClaim(name: string, value: unknown, expected: string): Denied {
  return badProof('dpop_proof_claim_mistyped', `${name} is ${typeOf(value)}, expected ${expected}`);
}
