import type { Eventually } from '@sallyport/core/extend';

/** What a user store knows about an account. */
export interface Account {
  /** The principal's subject: the one name of this account, also where the store finds it under several spellings. */
  readonly name: string;
  /** The password's hash: a PHC string (`$argon2id$…`, `$scrypt$…`) or a bcrypt string (`$2b$…`). */
  readonly hash: string;
  readonly roles?: readonly string[] | undefined;
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Where accounts live. Asked on every request, also when the password is remembered, so that a removed account, a
 * changed password and changed roles take effect at once. A store that returns without a promise keeps the decision
 * synchronous; one that returns the same object for an unchanged account saves making the principal again.
 */
export interface UserStore {
  /** Finds an account by its name, which is in Unicode NFC. A store that cannot tell throws or rejects: 503. */
  find(userName: string): Eventually<Account | null | undefined>;
  /**
   * Replaces a hash by a stronger one of the same password, right after a login. Must leave the account alone unless
   * its hash is still `previous`. Without this method hashes stay as they are; when it fails, the login still counts.
   */
  saveHash?(accountName: string, hash: string, previous: string): Eventually<void>;
}
