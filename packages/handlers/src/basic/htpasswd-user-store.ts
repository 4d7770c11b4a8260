import {
  between,
  type Clock,
  checkOptions,
  type Eventually,
  having,
  optionalOption,
  systemClock,
  text,
  withDefault,
} from '@sallyport/core';
import { parseGroups, parseHtpasswd } from './htpasswd-file.js';
import { ReloadedFile } from './reloaded-file.js';
import type { Account, UserStore } from './user-store.js';

export interface HtpasswdUserStoreOptions {
  /** The password file, as `htpasswd -B` writes it: bcrypt hashes, or PHC strings of argon2id and scrypt. */
  readonly path: string;
  /** A group file (`group: user user …`), whose groups become roles. Default: no roles. */
  readonly groupPath?: string | undefined;
  /** How long the files are trusted without another look, in milliseconds. 0 to 3 600 000, default 1 000. */
  readonly checkIntervalMs?: number | undefined;
}

/**
 * Accounts from a password file. A changed file takes effect within `checkIntervalMs`: requests trigger the look, so
 * there is no watcher to lose and nothing to close. A changed file that cannot be used leaves the accounts as they
 * were and is published on `sallyport:basic`. Other servers read the file too, so hashes are never replaced.
 */
export class HtpasswdUserStore implements UserStore {
  readonly #passwords: ReloadedFile<ReadonlyMap<string, string>>;
  readonly #groups: ReloadedFile<ReadonlyMap<string, readonly string[]>> | undefined;
  readonly #checkIntervalMs: number;
  readonly #clock: Clock;
  #accounts: ReadonlyMap<string, Account>;
  #trustedUntilMs: number;
  #look: Promise<void> | undefined;

  /**
   * Reads the files at once, synchronously.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID also for a file that cannot be used
   */
  constructor(options: HtpasswdUserStoreOptions, collaborators: { clock?: Clock | undefined } = {}) {
    const { path, groupPath, checkIntervalMs } = checkOptions('HtpasswdUserStoreOptions', options, {
      path: text,
      groupPath: optionalOption(text),
      checkIntervalMs: withDefault(between(0, 3_600_000), 1_000),
    });
    const { clock } = checkOptions('HtpasswdUserStoreCollaborators', collaborators, {
      clock: withDefault(having<Clock>('now', 'monotonic', 'schedule'), systemClock),
    });
    this.#passwords = new ReloadedFile(path, parseHtpasswd);
    this.#groups = groupPath === undefined ? undefined : new ReloadedFile(groupPath, parseGroups);
    this.#checkIntervalMs = checkIntervalMs;
    this.#clock = clock;
    this.#accounts = this.#combine();
    this.#trustedUntilMs = clock.monotonic() + checkIntervalMs;
  }

  find(userName: string): Eventually<Account | undefined> {
    if (this.#clock.monotonic() < this.#trustedUntilMs) return this.#accounts.get(userName);
    this.#look ??= this.#refresh().finally(() => {
      this.#look = undefined;
    });
    return this.#look.then(() => this.#accounts.get(userName));
  }

  async #refresh(): Promise<void> {
    const nowMs = this.#clock.monotonic();
    const changes = await Promise.all([this.#passwords.refresh(), this.#groups?.refresh()]);
    if (changes.includes(true)) this.#accounts = this.#combine();
    this.#trustedUntilMs = nowMs + this.#checkIntervalMs;
  }

  #combine(): ReadonlyMap<string, Account> {
    const roles = this.#groups?.content;
    const accounts = Array.from(this.#passwords.content, ([name, hash]) => {
      return [name, Object.freeze({ name, hash, roles: roles?.get(name) })] as const;
    });
    return new Map(accounts);
  }
}
