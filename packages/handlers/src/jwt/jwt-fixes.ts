import { TOKEN_FIXES } from '../token/token-fixes.js';

/** What to change, by reason: see `SecurityHandler.fixes`. */
export const JWT_FIXES: Readonly<Record<string, string>> = Object.freeze({
  ...TOKEN_FIXES,
  token_malformed: 'Send the token as it was issued.',
  header_malformed: 'Fix the issuer.',
  header_extension_unknown: 'Issue tokens without them.',
  header_mixes_encryption: 'Issue tokens without them.',
  algorithm_not_allowed: 'Configure the algorithm that the issuer signs with.',
  key_id_malformed: 'Fix the issuer.',
  key_unknown: "Wait for the next fetch of the keys; check the issuer's key set.",
  key_unfit: 'Check alg and use in the key set.',
  signature_invalid: 'Send the token as it was issued.',
  claims_malformed: 'Fix the issuer.',
  claim_missing: 'Fix the issuer, or set requiredClaims.',
  client_mismatch: 'Use a token of such a client.',
  claim_rule_broken: 'Look at the rule that the event quotes in detail.',
  access_token_shape_missing: 'Issue at+jwt, or set accessTokenClaims.',
  token_too_old: 'Get a new token.',
  issuer_unknown: 'Configure the issuer.',
  encrypted_token_malformed: 'Send the token as it was issued.',
  encryption_not_allowed: 'Configure the algorithms that the issuer encrypts with.',
  encrypted_token_not_nested: 'Sign first, then encrypt.',
  decryption_key_unknown: 'Configure the key.',
  decryption_failed: 'Encrypt for the configured key.',
});
