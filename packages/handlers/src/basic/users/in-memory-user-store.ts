import { normalForm } from '../passwords/basic-text.js';
import { type Account, configuredAccount, configuredAccounts } from './account.js';
import type { UserStore } from './user-store.js';

/**
 * Accounts in memory: for tests, small deployments, and accounts that come from a configuration file.
 * @example
 * const hash = await hashPassword('a long passphrase');
 * const users = new InMemoryUserStore([{ name: 'alice', hash, roles: ['manager'] }]);
 * const basic = new BasicHandler({ realm: 'orders', users });
 */
export class InMemoryUserStore implements UserStore {
  readonly #accounts = new Map<string, Account>();

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for an unusable hash or a name that occurs twice */
  constructor(accounts: readonly Account[] = []) {
    for (const account of configuredAccounts(accounts, 'accounts')) this.#accounts.set(account.name, account);
  }

  find(userName: string): Account | undefined {
    return this.#accounts.get(userName);
  }

  saveHash(accountName: string, hash: string, previous: string): void {
    const account = this.#accounts.get(accountName);
    if (account?.hash === previous) this.#accounts.set(accountName, Object.freeze({ ...account, hash }));
  }

  /**
   * Adds an account, or replaces the one of this name. Takes effect with the next request.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for an unusable hash
   */
  set(account: Account): void {
    const checked = configuredAccount(account);
    this.#accounts.set(checked.name, checked);
  }

  /** Removes an account. Takes effect with the next request. */
  delete(accountName: string): void {
    this.#accounts.delete(normalForm(accountName));
  }
}
