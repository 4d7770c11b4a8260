import { UpstreamError } from '@sallyport/core';
import { isScopeToken, option, ownMember } from '@sallyport/core/extend';
import { isKeyId } from '../form/key-format.js';
import { MOST_SECRETS } from '../form/key-hashes.js';

const LAST_MOMENT = 253_402_300_799;

/** Seconds since the epoch, up to the end of the year 9999. */
export const moment: option.Check<number> = option.between(0, LAST_MOMENT);

const scope = option.refined(option.text, (value, name) => {
  if (!isScopeToken(value)) throw option.invalid(name, 'must name a scope as RFC 6749 3.3 allows it');
  return value;
});

type Claims = Readonly<Record<string, unknown>>;

const claims = option.withSchema<Claims>(option.plainObject.schema, (value, name) => {
  try {
    return structuredClone(option.plainObject(value, name)) as Claims;
  } catch {
    throw option.invalid(name, 'must be plain data');
  }
});

/** What a key lets its holder be and do. */
export const KEY_GRANT = option.table('ApiKeyGrant', {
  /** The principal's subject: whose key it is. */
  subject: option.text,
  /** What the subject is. */
  kind: option.withDefault(option.oneOf('user', 'client', 'workload'), 'client'),
  /** What people call the key, such as `CI of the web shop`. Default: nothing. */
  label: option.optional(option.text),
  /** The principal's client. Default: none. */
  clientId: option.optional(option.text),
  /** The principal's scopes. Default: none. */
  scopes: option.withDefault(option.listOf(scope), []),
  /** The principal's roles. Default: none. */
  roles: option.withDefault(option.listOf(option.text), []),
  /** Further claims of the principal. `jti` is always the id of the key. Default: none. */
  claims: option.optional<Claims, Claims>(claims),
});

/** What a key lets its holder be and do. */
export interface ApiKeyGrant extends option.Given<typeof KEY_GRANT> {}

export interface KeptGrant extends option.Kept<typeof KEY_GRANT> {}

export const apiKeyGrant: option.Table<KeptGrant, ApiKeyGrant> = KEY_GRANT;

const keySecret = option.table('apiKeySecret', {
  /** A keyed hash. */
  hash: option.text,
  createdAt: moment,
  /** From then on it is no longer good: it was replaced by another. */
  endsAt: option.optional(moment),
});

const secrets = option.refined(option.listOf(keySecret), (list, name) => {
  if (list.length < 1 || list.length > MOST_SECRETS) throw option.invalid(name, `must be 1 to ${MOST_SECRETS}`);
  return list;
});

const id = option.refined(option.text, (value, name) => {
  if (!isKeyId(value)) throw option.invalid(name, 'must be the id of a key');
  return value;
});

const KEPT = option.table('apiKeyRecord', {
  id,
  revision: option.wholeBetween(1, Number.MAX_SAFE_INTEGER),
  createdAt: moment,
  expiresAt: option.optional(moment),
  revokedAt: option.optional(moment),
  usedAt: option.optional(moment),
  secrets,
});

const API_KEY_RECORD = option.merged(apiKeyGrant, KEPT);

/** One text of a key, by its hash. */
export interface ApiKeySecret {
  /** A keyed hash in base64url, 43 characters. */
  readonly hash: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** From then on, in seconds since the epoch, it is refused: another text replaces it. */
  readonly endsAt: number | undefined;
}

/**
 * What is kept about a key: plain data, without anything that lets somebody in. All times are in seconds since the epoch.
 */
export interface ApiKeyRecord extends KeptGrant {
  readonly id: string;
  /** 1 for a new key; each change adds one. */
  readonly revision: number;
  readonly createdAt: number;
  /** The key is refused from then on. */
  readonly expiresAt: number | undefined;
  /** The key was revoked then. */
  readonly revokedAt: number | undefined;
  /** When the key was seen last, give or take a minute. */
  readonly usedAt: number | undefined;
  /** The newest first; two while the key is rotated. */
  readonly secrets: readonly ApiKeySecret[];
}

/**
 * A record that a store returned. Members that it adds are left out, and `null` is taken for absent, as databases have it.
 * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_BODY, with what is wrong, and no value of it
 */
export function checkedRecord(found: unknown): ApiKeyRecord {
  try {
    const given = option.plainObject(found, API_KEY_RECORD.owner) as Record<string, unknown>;
    const members = Object.keys(API_KEY_RECORD.members).map((name) => [name, ownMember(given, name) ?? undefined]);
    return API_KEY_RECORD(Object.fromEntries(members));
  } catch (error) {
    const problem = error instanceof Error ? error.message : '';
    throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', `A store of API keys returned no record: ${problem}`);
  }
}

/** The record with the later of two uses. */
export function usedSince(record: ApiKeyRecord, usedAt: number): ApiKeyRecord {
  return (record.usedAt ?? 0) >= usedAt ? record : Object.freeze({ ...record, usedAt });
}
