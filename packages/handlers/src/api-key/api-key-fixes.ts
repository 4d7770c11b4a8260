/** What to change, by reason: see `SecurityHandler.fixes`. */
export const API_KEY_FIXES: Readonly<Record<string, string>> = Object.freeze({
  credentials_missing: 'Send the key at a place that the line names, and let no proxy remove it.',
  api_key_malformed:
    'Copy the key once more, as it was shown when it was made, without quotes. If it is of another system (prefix names ours), let another handler take it, and set selective.',
  api_key_unknown:
    'Look the id up by list() of keys, or by sallyport key list. If it is there, the key is of another store or was made with another secret.',
  api_key_expired: 'Make a new key, with a later expiresAt or none.',
  api_key_replaced: 'Send the new text of the key: the old one is no longer good beside it (overlapSeconds).',
  api_key_revoked: 'Make a new key. If this one comes on, find out who has it.',
  token_revoked: 'Make a new key: this one, its subject or its client was revoked.',
  err_sallyport_upstream_unreachable:
    'Correct path of the file of keys, or the permissions of the file. The event key_file_rejected says what is wrong.',
  err_sallyport_upstream_timeout: 'Find out why the store of keys is slow, or raise storeTimeoutMs.',
  err_sallyport_upstream_body: 'Correct what the line names: the file of keys, or the record that find returns.',
});
