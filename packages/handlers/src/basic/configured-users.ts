import { resolve } from 'node:path';
import { type Clock, option } from '@sallyport/core/extend';
import { configuredAccounts } from './users/account.js';
import {
  HtpasswdUserStore,
  type HtpasswdUserStoreOptions,
  type HtpasswdUserStoreSettings,
  htpasswdUserStoreOptions,
} from './users/htpasswd-user-store.js';
import { InMemoryUserStore } from './users/in-memory-user-store.js';
import type { UserStore } from './users/user-store.js';

export const ACCOUNTS = option.table('ConfiguredAccounts', {
  /** The accounts themselves. */
  accounts: configuredAccounts,
});

/** Accounts as data. */
export interface ConfiguredAccounts extends option.Given<typeof ACCOUNTS> {}

export const PASSWORD_FILE = option.table('ConfiguredPasswordFile', {
  /** A password file. */
  htpasswd: htpasswdUserStoreOptions as option.Check<HtpasswdUserStoreSettings, HtpasswdUserStoreOptions>,
});

/** Accounts in a password file. */
export interface ConfiguredPasswordFile extends option.Given<typeof PASSWORD_FILE> {}

export interface PasswordFileSettings extends option.Kept<typeof PASSWORD_FILE> {}

/** Accounts as data. Exactly one of the two must be set. */
export type ConfiguredUsers = ConfiguredAccounts | ConfiguredPasswordFile;

type ConfiguredUsersSettings = ConfiguredAccounts | PasswordFileSettings;

const configuredUsers = option.byMember<ConfiguredUsersSettings, ConfiguredUsers>({
  accounts: ACCOUNTS,
  htpasswd: PASSWORD_FILE,
});

const userStore = option.having<UserStore>('find');

/** The option check of users: a user store, or accounts as data. */
export const users = option.withSchema<UserStore | ConfiguredUsersSettings, UserStore | ConfiguredUsers>(
  configuredUsers.schema,
  (value, name) => {
    const isData = typeof value === 'object' && value !== null && !('find' in value);
    return isData ? configuredUsers(value, name) : userStore(value, name);
  },
);

/**
 * Makes a user store of accounts that are data. Relative paths start from `directory`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for a file that cannot be used
 */
export function userStoreOf(
  settings: UserStore | ConfiguredUsersSettings,
  { clock, directory }: { clock: Clock; directory: string },
): UserStore {
  if ('find' in settings) return settings;
  if ('accounts' in settings) return new InMemoryUserStore(settings.accounts);
  const { path, groupPath, ...others } = settings.htpasswd;
  const files = { path: resolve(directory, path), groupPath: groupPath && resolve(directory, groupPath) };
  return new HtpasswdUserStore({ ...others, ...files }, { clock });
}
