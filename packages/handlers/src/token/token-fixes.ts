/** What to change, by the reasons that all handlers of access tokens have. `<name>` is any claim. */
export const TOKEN_FIXES: Readonly<Record<string, string>> = Object.freeze({
  token_expired: 'Get a new token.',
  token_not_yet_valid: 'Wait; check the clocks.',
  token_issued_in_future:
    'Check the clocks; allow for a difference with clockToleranceSeconds, or for iat alone with issuedAheadToleranceSeconds.',
  token_lifetime_empty: 'Fix the issuer.',
  token_revoked: 'Get a new token. This one, or its client or subject, was revoked by a call of Revocations.',
  token_type_refused: 'Send the access token; for issuers without at+jwt set acceptTyp.',
  issuer_mismatch: 'Use the issuer that is configured.',
  confirmation_unproved: 'Prove it, with the handler for that binding.',
  'claim_<name>_mistyped': 'Fix the issuer; a sub that is no text can be mapped with mapPrincipal.',
  principal_mapping_failed:
    'Look at what it asks, such as the user database; the event principal_mapping_failed has the error.',
  principal_mapping_timed_out: 'Look at what it asks, or give it more time.',
  'claim_<name>_beyond_year_9999': 'Fix the issuer. If its tokens shall never end, set allowExpiryBeyondYear9999.',
});
