import { type Denied, denied } from '@sallyport/core';

/** A refusal for what is wrong with a proof. Clients learn `invalid_dpop_proof` alone (RFC 9449 7.1), operators the reason. */
export function badProof(reason: string, detail?: string): Denied {
  return denied(reason, { detail, error: 'invalid_dpop_proof' });
}

export const NO_PROOF: Denied = badProof('dpop_proof_missing');
/** A comma joins the lines of a header, and stands in no proof. */
export const SEVERAL_PROOFS: Denied = badProof('dpop_proof_doubled');
export const PROOF_TOO_LONG: Denied = badProof('dpop_proof_too_long');
export const BAD_SIGNATURE: Denied = badProof('dpop_proof_signature_invalid');
export const REPLAYED: Denied = badProof('dpop_proof_replayed');
export const OTHER_TOKEN: Denied = badProof('dpop_proof_token_mismatch', 'ath is not the hash of the token that came');
/** RFC 9449 7.1: the token is bound to another key, so the token is what is not good here. */
export const OTHER_KEY: Denied = denied('dpop_key_mismatch', {
  detail: 'the proof is by another key than the one that cnf.jkt names',
});
