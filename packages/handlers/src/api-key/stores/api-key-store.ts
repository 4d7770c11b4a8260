import { type Eventually, option } from '@sallyport/core/extend';
import type { ApiKeyRecord } from './api-key-record.js';

/**
 * Holds the records of keys. Every method may return a promise. A store that cannot answer throws or rejects: requests then get
 * 503. `apiKeyStoreRules` of `@sallyport/handlers/testing` are its rules.
 */
export interface ApiKeyStore {
  /** The record of this id; undefined if there is none. */
  find(id: string): Eventually<ApiKeyRecord | null | undefined>;
  /** Adds a record. False, without any change, if its id is taken. */
  create(record: ApiKeyRecord): Eventually<boolean>;
  /**
   * Replaces the record of this id in one step, all but its `usedAt`. False, without any change, unless the `revision` of that
   * record is one less: another was quicker.
   */
  replace(record: ApiKeyRecord): Eventually<boolean>;
  /** Deletes a record. False if there is none. */
  delete(id: string): Eventually<boolean>;
  /** All records, in any order. */
  list(): Eventually<readonly ApiKeyRecord[]>;
  /** Notes when a key was seen, unless a later time is known. May lose it: only people look at it. */
  noteUse(id: string, usedAt: number): Eventually<unknown>;
  /**
   * Grows with each `replace` and `delete` that this process knows of, also those of other processes. Where it has grown, all
   * remembered keys are looked up again: so a revoked key is refused at once. Asked on every request, so it has to be quick.
   * Without it, changes take effect when what is remembered ends (`cache.ttlSeconds`).
   */
  readonly changes?: number;
}

/** The check of a store of keys. */
export const apiKeyStore: option.Check<ApiKeyStore> = option.having(
  'find',
  'create',
  'replace',
  'delete',
  'list',
  'noteUse',
);
