/** What to change, by reason: see `SecurityHandler.fixes`. */
export const BASIC_FIXES: Readonly<Record<string, string>> = Object.freeze({
  password_revoked: 'Choose another password; after a revocation of the account, log in again.',
  user_or_password_wrong: 'Send the right ones.',
  basic_base64_invalid: 'Encode them once, with padding.',
  basic_utf8_invalid: 'Encode UTF-8.',
  basic_control_character: 'Leave it out.',
  basic_colon_missing: 'Send user name, colon and password.',
  basic_credential_too_long: 'Send shorter ones.',
  password_hash_unsupported: 'Store an argon2id, scrypt or bcrypt hash.',
  failure_store_unavailable: 'Look at the store; or set whenStoreFails.',
});
