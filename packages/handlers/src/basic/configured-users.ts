import { resolve } from 'node:path';
import { type HandlerServices, option, ownMembers } from '@sallyport/core/extend';
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
 * Replaces users that are data by a user store. A user store is kept as it is. Relative paths start from `directory`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function withUserStore(options: ConfiguredBasicOptions, services: FileServices): BasicHandlerOptions {
  const { users, ...others } = ownMembers(options);
  return { ...others, users: userStore(users, services) } as BasicHandlerOptions;
}

type FileServices = Pick<HandlerServices, 'clock' | 'directory'>;

function userStore(users: unknown, { clock, directory }: FileServices): unknown {
  if (typeof users !== 'object' || users === null || 'find' in users) return users;
  const { accounts, htpasswd } = option.check('BasicHandlerOptions.users', users, {
    accounts: option.optional(option.listOf(option.unchecked<Account>())),
    htpasswd: option.unchecked<HtpasswdUserStoreOptions | undefined>(),
  });
  if (accounts !== undefined && htpasswd === undefined) return new InMemoryUserStore(accounts);
  if (htpasswd !== undefined && accounts === undefined)
    return new HtpasswdUserStore(absolute(directory, htpasswd), { clock });
  throw option.invalid('BasicHandlerOptions.users', 'must have exactly one of accounts and htpasswd');
}

/** What is no path is left to the check of the store. */
function absolute(directory: string, files: HtpasswdUserStoreOptions): HtpasswdUserStoreOptions {
  if (typeof files !== 'object' || files === null) return files;
  const member = (name: 'path' | 'groupPath') => {
    const path = Object.hasOwn(files, name) ? files[name] : undefined;
    return typeof path === 'string' && path !== '' ? { [name]: resolve(directory, path) } : {};
  };
  return { ...files, ...member('path'), ...member('groupPath') };
}
