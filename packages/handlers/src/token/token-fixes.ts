/** What to change, by the reasons that all handlers of access tokens have. `<name>` is any claim. */
export const TOKEN_FIXES: Readonly<Record<string, string>> = Object.freeze({
  token_expired:
    'Let the client renew its token in time. If the token is new, set the clocks by NTP, or raise clockToleranceSeconds.',
  token_not_yet_valid: 'Set the clocks by NTP, or raise clockToleranceSeconds.',
  token_issued_in_future:
    'Set the clocks by NTP, or raise clockToleranceSeconds, or for iat alone issuedAheadToleranceSeconds.',
  token_lifetime_empty: 'Let the issuer write an exp after iat.',
  token_revoked:
    'Get a new token, or log in again. This one, its jti, its client or its subject was revoked by a call of Revocations.',
  'claim_<name>_mistyped':
    'Let the issuer write the claim as the line expects it. A sub that is no text can be made one by mapPrincipal.',
  principal_mapping_failed:
    'Repair what mapPrincipal asks, such as the user database; the event principal_mapping_failed has the error.',
  principal_mapping_timed_out: 'Make what mapPrincipal asks faster, or raise mapPrincipalTimeoutMs.',
});
