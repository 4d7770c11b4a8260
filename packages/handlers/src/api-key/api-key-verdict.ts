import { authenticated, createPrincipal, type Denied, denied, type Verdict } from '@sallyport/core';
import type { KeyFlaw } from './form/key-format.js';
import type { ApiKeyRecord, ApiKeySecret } from './stores/api-key-record.js';

/**
 * A text that is no key is refused as an unknown key is, and not as a syntax error: it may be a key of another system or of an
 * earlier time, and clients look for new credentials on 401 alone.
 */
export const FLAWED: Readonly<Record<KeyFlaw, Denied>> = Object.freeze({
  form: denied('api_key_malformed', { detail: 'it has not the form of a key: prefix, _, 61 letters and digits' }),
  checksum: denied('api_key_malformed', { detail: 'its checksum is wrong: a part was changed or left out' }),
});

const NO_KEY = denied('api_key_unknown', { detail: 'there is no key of this id' });
const WRONG_SECRET = denied('api_key_unknown', { detail: 'there is a key of this id, with another secret' });

/** Only the operator is told whether there is a key of that id. */
export function unknown(record: ApiKeyRecord | undefined): Denied {
  return record === undefined ? NO_KEY : WRONG_SECRET;
}

/** What a key is worth whose text was proved. `now` is in seconds. */
export function verdictOf(record: ApiKeyRecord, secretIndex: number, now: number, handler: string): Verdict {
  const secret = record.secrets[secretIndex] as ApiKeySecret;
  const { id, revokedAt, expiresAt } = record;
  if (revokedAt !== undefined)
    return denied('api_key_revoked', { detail: `the key ${id} was revoked at ${revokedAt}` });
  if (hasEnded(expiresAt, now)) return denied('api_key_expired', { detail: `the key ${id} ended at ${expiresAt}` });
  if (hasEnded(secret.endsAt, now)) {
    return denied('api_key_replaced', { detail: `this text of the key ${id} ended at ${secret.endsAt}` });
  }
  return authenticated(
    createPrincipal({
      ...{ kind: record.kind, subject: record.subject, clientId: record.clientId },
      ...{ scopes: record.scopes, roles: record.roles, claims: { ...record.claims, jti: id } },
      // A revoked subject or client may get another text of the key: that one counts from then on.
      issuedAt: secret.createdAt,
      expiresAt: earlier(expiresAt, secret.endsAt),
      via: [{ handler, scheme: 'apikey' }],
    }),
  );
}

function hasEnded(endsAt: number | undefined, now: number): boolean {
  return endsAt !== undefined && endsAt <= now;
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
