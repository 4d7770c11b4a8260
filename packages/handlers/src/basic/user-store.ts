import { ConfigurationError, type Eventually } from '@sallyport/core';
import { isPasswordHash } from './password-hash.js';

/** A user as a store knows it. */
export interface Account {
  readonly name: string;
  /** argon2id, bcrypt or scrypt, as a PHC or modular crypt string. */
  readonly hash: string;
  readonly roles?: readonly string[] | undefined;
}

/** Where accounts live. A store that cannot answer throws or rejects, which becomes 503; `undefined` means no such user. */
export interface UserStore {
  find(name: string): Eventually<Account | undefined>;
}

/** Accounts given at start. Names are compared in Unicode normalisation form C (RFC 7617 2.1). */
export class InMemoryUserStore implements UserStore {
  readonly #accounts: ReadonlyMap<string, Account>;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for a name twice, or a hash of an unknown format */
  constructor(accounts: readonly Account[]) {
    const byName = new Map<string, Account>();
    for (const account of accounts) {
      const name = account.name.normalize('NFC');
      if (byName.has(name)) throw unfit('two accounts have one name');
      if (!isPasswordHash(account.hash)) throw unfit('a password hash must be argon2id, bcrypt or scrypt');
      byName.set(name, Object.freeze({ ...account, name }));
    }
    this.#accounts = byName;
  }

  find(name: string): Account | undefined {
    return this.#accounts.get(name);
  }
}

function unfit(message: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', `InMemoryUserStore: ${message}`);
}
