import { type Clock, clockOption, type Eventually, option } from '@sallyport/core/extend';
import { ReloadedFile } from '../../files/reloaded-file.js';
import type { LegacyHash } from '../passwords/password-hash-format.js';
import type { Account } from './account.js';
import { parseGroups, parseHtpasswd } from './htpasswd-file.js';
import { USER_FILE_REPORTS } from './user-file-events.js';
import { type UserStore, legacyHashes as weakHashes } from './user-store.js';

const HTPASSWD = option.table('HtpasswdUserStoreOptions', {
  /**
   * The password file, as `htpasswd -B` writes it: bcrypt hashes, or PHC strings of argon2id and scrypt. It is never
   * written, so a weak hash stays until you replace its line.
   */
  path: option.text,
  /**
   * Weak hashes that are read as well: `apr1` (`$apr1$`, of `htpasswd` without `-B`) and `sha1` (`{SHA}`). Whoever gets the
   * file finds their passwords soon. Default: none are.
   */
  legacyHashes: option.withDefault(weakHashes, []),
  /** A group file (`group: user user …`), whose groups become roles. Default: no roles. */
  groupPath: option.optional(option.text),
  /** How long the files are trusted without another look, in milliseconds. */
  checkIntervalMs: option.withDefault(option.between(0, 3_600_000), 1_000),
  /**
   * How long the last good accounts stay in use while a changed file can be read but not parsed, in milliseconds. After
   * that logins get 503.
   */
  maxStaleMs: option.withDefault(option.between(0, 3_600_000), 60_000),
});

export interface HtpasswdUserStoreOptions extends option.Given<typeof HTPASSWD> {}

export interface HtpasswdUserStoreSettings extends option.Kept<typeof HTPASSWD> {}

export const htpasswdUserStoreOptions: option.Table<HtpasswdUserStoreSettings, HtpasswdUserStoreOptions> = HTPASSWD;

export const COLLABORATORS = option.table('HtpasswdUserStoreCollaborators', { clock: clockOption });

/** Services of a password file. */
export interface HtpasswdUserStoreCollaborators extends option.Given<typeof COLLABORATORS> {}

type Hashes = ReadonlyMap<string, string>;
type Roles = ReadonlyMap<string, readonly string[]>;

/**
 * Accounts from a password file. A change takes effect within `checkIntervalMs`. A login triggers the look at the file,
 * so there is no watcher to lose and nothing to close. A line that cannot be read is skipped, told, and costs its own user
 * alone. While a file cannot be read, logins get 503. While no line of a file can
 * be parsed, for example because it is half-written, the last good accounts stay in use for `maxStaleMs`. All these
 * problems are published on `sallyport:basic`. Hashes are never replaced, because other servers read the file too.
 * @example
 * const users = new HtpasswdUserStore({ path: '/etc/orders/machines.htpasswd' });
 * const basic = new BasicHandler({ realm: 'orders', users });
 */
export class HtpasswdUserStore implements UserStore {
  readonly legacyHashes: readonly LegacyHash[];
  readonly #passwords: ReloadedFile<Hashes>;
  readonly #groups: ReloadedFile<Roles> | undefined;
  readonly #checkIntervalMs: number;
  readonly #clock: Clock;
  /** The accounts, with the file contents that they were made from. */
  #accounts: { hashes: Hashes; roles: Roles | undefined; byName: ReadonlyMap<string, Account> } | undefined;
  #trustedUntilMs: number;
  #look: Promise<void> | undefined;

  /**
   * Reads the files at once, synchronously.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID also for a file that cannot be used
   */
  constructor(options: HtpasswdUserStoreOptions, collaborators: HtpasswdUserStoreCollaborators = {}) {
    const { path, groupPath, legacyHashes, checkIntervalMs, maxStaleMs } = htpasswdUserStoreOptions(options);
    const { clock } = COLLABORATORS(collaborators);
    this.legacyHashes = legacyHashes;
    const reports = USER_FILE_REPORTS;
    const parse = (text: string, of: string) => parseHtpasswd(text, of, legacyHashes);
    this.#passwords = new ReloadedFile({ path, parse, maxStaleMs, reports }, clock);
    this.#groups =
      groupPath === undefined
        ? undefined
        : new ReloadedFile({ path: groupPath, parse: parseGroups, maxStaleMs, reports }, clock);
    this.#checkIntervalMs = checkIntervalMs;
    this.#clock = clock;
    this.#trustedUntilMs = clock.monotonic() + checkIntervalMs;
  }

  find(userName: string): Eventually<Account | undefined> {
    if (this.#clock.monotonic() < this.#trustedUntilMs) return this.#known(userName);
    this.#look ??= this.#refresh().finally(() => {
      this.#look = undefined;
    });
    return this.#look.then(() => this.#known(userName));
  }

  async #refresh(): Promise<void> {
    const nowMs = this.#clock.monotonic();
    await Promise.all([this.#passwords.refresh(), this.#groups?.refresh()]);
    this.#trustedUntilMs = nowMs + this.#checkIntervalMs;
  }

  #known(userName: string): Account | undefined {
    const hashes = this.#passwords.content;
    const roles = this.#groups?.content;
    if (hashes !== this.#accounts?.hashes || roles !== this.#accounts.roles) {
      this.#accounts = { hashes, roles, byName: combine(hashes, roles) };
    }
    return this.#accounts.byName.get(userName);
  }
}

function combine(hashes: Hashes, roles: Roles | undefined): ReadonlyMap<string, Account> {
  const accounts = Array.from(hashes, ([name, hash]) => {
    return [name, Object.freeze({ name, hash, roles: roles?.get(name) })] as const;
  });
  return new Map(accounts);
}
