import type { Eventually } from '@sallyport/core/extend';
import type { Account } from './account.js';

/**
 * Holds the accounts. It is asked on every request, even when the password is remembered, so a removed account, a
 * changed password and changed roles take effect at once. A store that returns no promise keeps the decision
 * synchronous. A store that returns the same object for an unchanged account saves making the principal again.
 */
export interface UserStore {
  /** Finds an account by its name, which is in Unicode NFC. A store that cannot answer throws or rejects: 503. */
  find(userName: string): Eventually<Account | null | undefined>;
  /**
   * Replaces a hash by a stronger one of the same password, right after a login. Must leave the account alone unless
   * its hash is still `previous`. Without this method hashes stay as they are. If it fails, the login still counts.
   */
  saveHash?(accountName: string, hash: string, previous: string): Eventually<void>;
}
