/** What to change, by reason: see `SecurityHandler.fixes`. */
export const WEBHOOK_FIXES: Readonly<Record<string, string>> = Object.freeze({
  webhook_signature_mismatch:
    'Compare the secret with the one that the vendor shows for this endpoint. If it is right, something between changes the body: the signature is over the bytes as they were sent.',
  webhook_too_old: 'Check the clocks of the machine; or raise toleranceSeconds.',
  webhook_ahead_of_time: 'Check the clocks of the machine; or raise toleranceSeconds.',
  webhook_replayed:
    'If the vendor repeats deliveries unchanged, set replays to allow. If a proxy in front repeats requests, let it stop.',
  webhook_signature_malformed: 'Check that scheme is that of the vendor, and that the header has one line.',
  webhook_timestamp_missing: 'Check that scheme is that of the vendor, and that no proxy removes headers.',
  webhook_timestamp_malformed: 'Check that scheme is that of the vendor.',
  webhook_id_missing: 'Check that scheme is that of the vendor, and that no proxy removes headers.',
  webhook_id_malformed: 'Check that scheme is that of the vendor.',
});
