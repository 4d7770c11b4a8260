/** What to change, by reason: see `SecurityHandler.fixes`. */
export const BASIC_FIXES: Readonly<Record<string, string>> = Object.freeze({
  password_revoked:
    'Choose another password: this one was revoked by revokeToken. If the account was revoked just now, log in again.',
  user_or_password_wrong:
    'Check user name and password, and that the client encodes them in UTF-8. If a line of the user file is skipped, write it anew with htpasswd -B, or allow legacyHashes.',
  basic_base64_invalid: 'Let the client encode name:password in base64, with padding.',
  basic_utf8_invalid: 'Let the client encode user name and password in UTF-8.',
  basic_control_character: 'Leave control characters out of user name and password.',
  basic_colon_missing: 'Send user name, colon and password.',
  basic_credential_too_long: 'Send a shorter user name or password.',
  password_hash_unsupported: 'Store an argon2id, scrypt or bcrypt hash.',
  native_code_missing:
    'Install the package of the hash for this platform, or store scrypt hashes, which need no native code.',
  failure_store_unavailable: 'Repair the store of failures (counterStore), or set whenStoreFails.',
  err_sallyport_upstream_unreachable:
    'Correct path of the user file, or the permissions of the file. The event user_file_rejected says what is wrong.',
  err_sallyport_upstream_timeout: 'Find out why the user store is slow, or raise userStoreTimeoutMs.',
  err_sallyport_upstream_body: 'Correct what the line names: the user file, or the account that find returns.',
  err_sallyport_upstream_overloaded:
    'Raise maxConcurrent or maxWaiting of queue, or ttlSeconds of cache. Behind a proxy set trustedHops: otherwise all callers are one network.',
});
