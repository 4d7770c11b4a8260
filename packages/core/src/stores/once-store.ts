import type { Eventually } from '../clock/eventually.js';
import * as option from '../options/options.js';

/**
 * Remembers for a time that something has happened, so that it happens only once: a delivery of a webhook, a proof with a
 * `jti`. In this process, or in a store that several processes share. Keys hold no credential.
 */
export interface OnceStore {
  /**
   * Marks a key for `ttlSeconds` seconds, more than 0. True if the key had no mark; false while its mark lasts, which is not
   * prolonged. Of several calls at once, exactly one gets true. A store that cannot answer, or has no room, throws or
   * rejects: it never forgets a mark before its time.
   * @param holder on whose account the mark stands, such as a client. A store with bounded room keeps a share for others.
   * @param ageSeconds how long ago it can have happened for the first time at most, where that is known, such as by a nonce. A
   *   store that has lost its marks before may then mark it at once. Default: as long as a mark lasts.
   */
  mark(key: string, ttlSeconds: number, holder?: string, ageSeconds?: number): Eventually<boolean>;
}

/** The check of an option that is a once store. */
export const onceStoreCheck: option.Check<OnceStore> = option.having('mark');
