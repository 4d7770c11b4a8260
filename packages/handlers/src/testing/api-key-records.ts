import type { ApiKeyRecord } from '../api-key/stores/api-key-record.js';

/** The id of most records. */
export const ID = 'AAAAAAAAAAA1';

/** A record with little in it. */
export function recordOf(more: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    ...{ id: ID, revision: 1, subject: 'web-shop', kind: 'client', label: undefined, clientId: undefined },
    ...{ scopes: [], roles: [], claims: undefined, createdAt: 1_800_000_000 },
    ...{ expiresAt: undefined, revokedAt: undefined, usedAt: undefined },
    secrets: [{ hash: 'A'.repeat(43), createdAt: 1_800_000_000, endsAt: undefined }],
    ...more,
  };
}

/** A record with every member, and with texts that a database may easily change. */
export const FULL: ApiKeyRecord = recordOf({
  ...{ label: 'CI of the “web shop” 🔑\n', clientId: 'shop', scopes: ['orders:read', 'a/b.c'], roles: ['a clerk'] },
  ...{ kind: 'workload', claims: { tenant: 7, of: { plans: ['ünïted', null, true, 1.5] } } },
  ...{ expiresAt: 253_402_300_799, revokedAt: 1_800_000_100, usedAt: 1_800_000_050 },
  secrets: [
    { hash: 'A-_'.repeat(14), createdAt: 1_800_000_010, endsAt: undefined },
    { hash: 'B'.repeat(43), createdAt: 1_800_000_000, endsAt: 1_800_000_110 },
  ],
});
