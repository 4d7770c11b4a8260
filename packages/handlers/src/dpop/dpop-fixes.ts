/** What to change, by the reasons of proofs. */
export const DPOP_FIXES: Readonly<Record<string, string>> = Object.freeze({
  use_dpop_nonce:
    'Let the client send its request again, with a proof that has the nonce of DPoP-Nonce. If it does so and is asked again, give all instances one secret in dpop.',
  dpop_proof_missing: 'Let the client send a proof in the header DPoP with each request.',
  dpop_proof_doubled: 'Let the client send one header DPoP with one proof.',
  dpop_proof_too_long: 'Let the client send a shorter proof: a key and its claims need less.',
  dpop_proof_malformed: 'Let the client write its proof as RFC 9449 4.2 shows it.',
  dpop_proof_type_refused: 'Let the client write typ dpop+jwt into its proof.',
  dpop_proof_algorithm_not_allowed:
    'Let the client sign with an algorithm of the challenge (algs), or add its algorithm to dpop.algorithms.',
  dpop_proof_key_refused:
    'Let the client put its public key into jwk, without private members, strong enough and fit for alg.',
  dpop_proof_claim_missing: 'Let the client write jti, htm, htu, iat and ath into its proof (RFC 9449 4.2).',
  dpop_proof_claim_mistyped: 'Let the client write the claim as the line expects it.',
  dpop_proof_signature_invalid: 'Let the client sign its proof with the key of jwk.',
  dpop_proof_method_mismatch: 'Let the client write the method of its request into htm.',
  dpop_proof_url_mismatch:
    'Compare htu with what was expected: dpop.externalUrl is the address by which clients know the server, with the part of the path that a proxy cuts off.',
  dpop_proof_untimely: 'Set the clocks by NTP, raise dpop.windowSeconds, or use nonces (dpop.nonce).',
  dpop_proof_token_mismatch: 'Let the client hash the token that it sends (ath), and make a proof for each token.',
  dpop_proof_replayed: 'Let the client make a new proof for each request, also when it sends a request again.',
  dpop_key_mismatch: 'Let the client sign its proofs with the key for which it got the token.',
  dpop_token_unbound: 'Let the client ask for a token with a DPoP proof, or send this one as Bearer.',
});
