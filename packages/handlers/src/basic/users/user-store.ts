import { type Eventually, option, ownMember } from '@sallyport/core/extend';
import type { LegacyHash } from '../passwords/password-hash-format.js';
import type { Account } from './account.js';

/**
 * Holds the accounts. It is asked on every request, even when the password is remembered, so a removed account, a
 * changed password and changed roles take effect at once. A store that returns no promise keeps the decision
 * synchronous. A store that returns the same object for an unchanged account saves making the principal again.
 */
export interface UserStore {
  /**
   * Weak hashes that its accounts may have, beside those that are always read. Has to be a property of the store itself,
   * not of its class. Default: none.
   */
  readonly legacyHashes?: readonly LegacyHash[];
  /** Finds an account by its name, which is in Unicode NFC. A store that cannot answer throws or rejects: 503. */
  find(userName: string): Eventually<Account | null | undefined>;
  /**
   * Replaces a hash by a stronger one of the same password, right after a login. Must leave the account alone unless
   * its hash is still `previous`. Without this method hashes stay as they are. If it fails, the login still counts.
   */
  saveHash?(accountName: string, hash: string, previous: string): Eventually<void>;
}

/** The check of weak hashes that are read. */
export const legacyHashes: option.Check<readonly LegacyHash[]> = option.listOf(option.oneOf('apr1', 'sha1'));

/** The weak hashes that a store brings. A polluted prototype lets none in. Warns where there are some. */
export function legacyHashesOf(users: UserStore, handler: string): readonly LegacyHash[] {
  const weak = legacyHashes(ownMember(users, 'legacyHashes') ?? [], 'users.legacyHashes');
  if (weak.length > 0) process.emitWarning(`${handler} reads weak hashes (legacyHashes)`, 'SallyportWarning');
  return weak;
}
