import { type Clock, option } from '@sallyport/core/extend';
import { type Account, HtpasswdUserStore, type HtpasswdUserStoreOptions, InMemoryUserStore } from '../basic/index.js';

/** Accounts as data, for configurations that are no code: exactly one of the two. */
export interface ConfiguredUsers {
  readonly accounts?: readonly Account[] | undefined;
  readonly htpasswd?: HtpasswdUserStoreOptions | undefined;
}

/**
 * The user store that a configuration means; a finished store stays what it is.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function configuredUsers(users: unknown, clock: Clock): unknown {
  if (typeof users !== 'object' || users === null || 'find' in users) return users;
  const { accounts, htpasswd } = option.check('BasicHandlerOptions.users', users, {
    accounts: option.optional(option.listOf(option.unchecked<Account>())),
    htpasswd: option.unchecked<HtpasswdUserStoreOptions | undefined>(),
  });
  if (accounts !== undefined && htpasswd === undefined) return new InMemoryUserStore(accounts);
  if (htpasswd !== undefined && accounts === undefined) return new HtpasswdUserStore(htpasswd, { clock });
  throw option.invalid('BasicHandlerOptions.users', 'must have exactly one of accounts and htpasswd');
}
