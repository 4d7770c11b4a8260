import { type Clock, option, ownMembers } from '@sallyport/core/extend';
import type { BasicHandlerOptions } from './basic-options.js';
import { HtpasswdUserStore, type HtpasswdUserStoreOptions } from './users/htpasswd-user-store.js';
import { InMemoryUserStore } from './users/in-memory-user-store.js';
import type { Account, UserStore } from './users/user-store.js';

/** Accounts as data, for configurations that are not code. Exactly one of the two must be set. */
export interface ConfiguredUsers {
  readonly accounts?: readonly Account[] | undefined;
  readonly htpasswd?: HtpasswdUserStoreOptions | undefined;
}

/** The options in a configuration, where users may be data. */
export interface ConfiguredBasicOptions extends Omit<BasicHandlerOptions, 'users'> {
  readonly users: UserStore | ConfiguredUsers;
}

/**
 * Replaces users that are data by a user store. A user store is kept as it is.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function withUserStore(options: ConfiguredBasicOptions, clock: Clock): BasicHandlerOptions {
  const { users, ...others } = ownMembers(options);
  return { ...others, users: userStore(users, clock) } as BasicHandlerOptions;
}

function userStore(users: unknown, clock: Clock): unknown {
  if (typeof users !== 'object' || users === null || 'find' in users) return users;
  const { accounts, htpasswd } = option.check('BasicHandlerOptions.users', users, {
    accounts: option.optional(option.listOf(option.unchecked<Account>())),
    htpasswd: option.unchecked<HtpasswdUserStoreOptions | undefined>(),
  });
  if (accounts !== undefined && htpasswd === undefined) return new InMemoryUserStore(accounts);
  if (htpasswd !== undefined && accounts === undefined) return new HtpasswdUserStore(htpasswd, { clock });
  throw option.invalid('BasicHandlerOptions.users', 'must have exactly one of accounts and htpasswd');
}
