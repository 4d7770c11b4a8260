import { option } from '@sallyport/core/extend';
import { normalForm } from '../passwords/basic-text.js';
import { readHash } from '../passwords/password-hash.js';
import type { Account, UserStore } from './user-store.js';

/** Accounts in memory: for tests, small deployments, and accounts that come from a configuration file. */
export class InMemoryUserStore implements UserStore {
  readonly #accounts = new Map<string, Account>();

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for an unusable hash or a name that occurs twice */
  constructor(accounts: readonly Account[] = []) {
    for (const account of accounts) {
      const checked = checkedAccount(account);
      if (this.#accounts.has(checked.name)) throw option.invalid('Account.name', 'must not occur twice');
      this.#accounts.set(checked.name, checked);
    }
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
    const checked = checkedAccount(account);
    this.#accounts.set(checked.name, checked);
  }

  /** Removes an account. Takes effect with the next request. */
  delete(accountName: string): void {
    this.#accounts.delete(normalForm(accountName));
  }
}

function checkedAccount(account: Account): Account {
  const checked = option.check('Account', account, {
    name: option.text,
    hash: option.text,
    roles: option.optional(option.listOf(option.text)),
    claims: option.unchecked<Account['claims']>(),
  });
  if (readHash(checked.hash) === undefined)
    throw option.invalid('Account.hash', 'must be an argon2id, scrypt or bcrypt hash');
  return Object.freeze({ ...checked, name: normalForm(checked.name) });
}
