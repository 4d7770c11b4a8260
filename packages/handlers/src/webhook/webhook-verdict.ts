import { type Authenticated, authenticated, createPrincipal, type Denied, denied } from '@sallyport/core';
import type { WebhookCredential } from './webhook-credential.js';
import type { WebhookSettings } from './webhook-options.js';

/** Whether the time of a delivery is too far from the clock; `nowSeconds` is in seconds since the epoch. */
export function untimely(
  { timestamp }: WebhookCredential,
  { scheme, toleranceSeconds }: WebhookSettings,
  nowSeconds: number,
): Denied | undefined {
  if (!scheme.hasTime) return undefined;
  const age = nowSeconds - Number(timestamp);
  if (Math.abs(age) <= toleranceSeconds) return undefined;
  const allowed = `at most ${toleranceSeconds} s are allowed`;
  if (age > 0) return denied('webhook_too_old', { detail: `the delivery is ${Math.round(age)} s old, ${allowed}` });
  return denied('webhook_ahead_of_time', { detail: `the delivery is ${Math.round(-age)} s ahead, ${allowed}` });
}

export function mismatch({ signatures }: WebhookCredential, { length }: Uint8Array, secrets: number): Denied {
  const detail = `signatures: ${signatures.length}, secrets: ${secrets}, bytes of the body: ${length}; no two fit`;
  return denied('webhook_signature_mismatch', { detail });
}

export function replayed(seconds: number): Denied {
  return denied('webhook_replayed', { detail: `the same was delivered less than ${seconds} s ago` });
}

/** Who signed, with the identifier and the time of the delivery where there are such. */
export function grantOf({ timestamp, id }: WebhookCredential, { name, subject }: WebhookSettings): Authenticated {
  const issuedAt = timestamp === '' ? undefined : Number(timestamp);
  const claims = { ...(id !== '' && { id }), ...(issuedAt !== undefined && { timestamp: issuedAt }) };
  const via = [{ handler: name, scheme: 'webhook' }];
  return authenticated(createPrincipal({ kind: 'workload', subject, issuedAt, claims, via }));
}
