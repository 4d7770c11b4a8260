/** What to change, by reason: see `SecurityHandler.fixes`. */
export const WEBHOOK_FIXES: Readonly<Record<string, string>> = Object.freeze({
  credentials_missing: 'Set scheme to the vendor, and let no proxy remove the header that the line names.',
  webhook_signature_mismatch:
    'Compare secrets with what the vendor shows for this endpoint. If they are right, look for a proxy that writes the body anew: the signature is over the bytes as they were sent.',
  webhook_too_old: 'Set the clock of this machine by NTP, or raise toleranceSeconds.',
  webhook_ahead_of_time: 'Set the clock of this machine by NTP, or raise toleranceSeconds.',
  webhook_replayed:
    'If the vendor repeats deliveries unchanged, set replays to allow. If a proxy in front repeats requests, let it stop.',
  webhook_signature_malformed: 'Set scheme to the vendor, and let the header have one line.',
  webhook_timestamp_missing: 'Set scheme to the vendor, and let no proxy remove headers.',
  webhook_timestamp_malformed: 'Set scheme to the vendor: its time is a whole number of seconds since 1970.',
  webhook_id_missing: 'Set scheme to the vendor, and let no proxy remove headers.',
  webhook_id_malformed: 'Set scheme to the vendor: its identifier has at most 255 plain characters.',
});
