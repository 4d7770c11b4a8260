import {
  type Authenticated,
  authenticated,
  basicChallenge,
  type Challenge,
  type Clock,
  createPrincipal,
  denied,
  type Eventually,
  isVerdict,
  type SecurityHandler,
  type SecurityRequest,
  type Unavailable,
  UpstreamError,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { AccountDirectory } from './account-directory.js';
import { BasicCredential, parseUserName } from './basic-credential.js';
import { publishBasicEvent } from './basic-events.js';
import {
  type BasicHandlerCollaborators,
  type BasicHandlerOptions,
  checkedBasicCollaborators,
  checkedBasicOptions,
} from './basic-options.js';
import { ChecksUnderWay } from './checks-under-way.js';
import { FailureLimiter } from './failure-limiter.js';
import { LoginSource } from './login-source.js';
import { readHash, type StoredHash } from './password-hash.js';
import { PasswordVerifier } from './password-verifier.js';
import { ProvedPasswords } from './proved-passwords.js';
import { scopeMapping } from './scope-mapping.js';
import type { Account } from './user-store.js';

const WRONG: Verdict = denied('user_or_password_wrong');
const UNSUPPORTED_HASH: Verdict = unavailable('password_hash_unsupported');

/** One attempt to log in, with everything that is known before the password is hashed. */
interface Login {
  readonly credential: BasicCredential;
  readonly source: LoginSource;
  readonly account: Account | undefined;
  readonly stored: StoredHash | undefined;
}

/**
 * Authenticates by user name and password (RFC 7617), with password hashing that survives load: a password that was
 * right is not hashed again for a while, hashing runs on few threads behind a bounded queue, and failing logins have
 * a budget. Unknown users and wrong passwords cost and look the same.
 */
export class BasicHandler implements SecurityHandler<BasicCredential> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly #accounts: AccountDirectory;
  readonly #scopesOf: (roles: readonly string[]) => readonly string[];
  readonly #passwords: PasswordVerifier;
  readonly #proved: ProvedPasswords;
  readonly #limiter: FailureLimiter;
  readonly #clock: Clock;
  readonly #underWay = new ChecksUnderWay();
  readonly #grants = new WeakMap<Account, Authenticated>();

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: BasicHandlerOptions, collaborators: BasicHandlerCollaborators = {}) {
    const settings = checkedBasicOptions(options);
    const { clock, failureStore } = checkedBasicCollaborators(collaborators);
    this.name = settings.name;
    this.challenges = Object.freeze([basicChallenge(settings.realm)]);
    this.#accounts = new AccountDirectory(settings.users, settings.userStoreTimeoutMs, clock);
    this.#scopesOf = scopeMapping(settings.scopesOfRoles);
    this.#passwords = new PasswordVerifier(settings.hashing, settings.queue, clock);
    this.#proved = new ProvedPasswords(settings.cache, clock);
    this.#clock = clock;
    this.#limiter = new FailureLimiter(settings.name, settings.failures, failureStore, clock);
  }

  extract({ authorization }: SecurityRequest): BasicCredential | Verdict | undefined {
    if (authorization.kind !== 'credentials' || authorization.scheme !== 'basic') return undefined;
    const { value } = authorization;
    const name = this.#proved.nameOf(value);
    const userName = this.#proved.find(name)?.userName ?? parseUserName(value);
    return typeof userName === 'string' ? new BasicCredential(value, userName, name) : userName;
  }

  verify(credential: BasicCredential, request: SecurityRequest): Eventually<Verdict> {
    const found = this.#accounts.find(credential.userName);
    if (!(found instanceof Promise)) return this.#judge(credential, found, request);
    return found.then((account) => this.#judge(credential, account, request));
  }

  /** Forgets that a password of this account was right: the next request with it is hashed again. */
  invalidate(accountName: string): void {
    this.#proved.invalidate(accountName);
  }

  #judge(
    credential: BasicCredential,
    account: Account | Unavailable | undefined,
    request: SecurityRequest,
  ): Eventually<Verdict> {
    if (isVerdict(account)) return account;
    const source = new LoginSource(this.name, credential.userName, request.remoteAddress);
    const refusal = this.#limiter.standing(source);
    if (refusal !== undefined) return refusal;
    if (account !== undefined && this.#proved.find(credential.name)?.hash === account.hash) {
      request.trace?.noteCache('hit');
      return this.#grant(account);
    }
    const stored = account && readHash(account.hash);
    if (account !== undefined && stored === undefined) return UNSUPPORTED_HASH;
    return this.#checkOnce({ credential, source, account, stored }, request);
  }

  /** The same credential from the same address is checked once at a time. */
  #checkOnce(login: Login, request: SecurityRequest): Promise<Verdict> {
    const key = `${login.credential.name} ${login.account?.hash} ${request.remoteAddress}`;
    request.trace?.noteCache(this.#underWay.has(key) ? 'joined' : 'miss');
    return this.#underWay.join(key, request.signal, (abandoned) => this.#check(login, abandoned));
  }

  async #check({ credential, source, account, stored }: Login, abandoned: AbortSignal): Promise<Verdict> {
    const { userName, password } = credential;
    const { epoch } = this.#proved;
    try {
      const passed = await this.#limiter.run(source, () => {
        return this.#passwords.matches(userName, password, stored, abandoned);
      });
      if (typeof passed !== 'boolean') return passed;
      if (!passed || account === undefined || stored === undefined) return WRONG;
      const proof = { userName, account: account.name, hash: account.hash };
      this.#proved.add(credential.name, proof, epoch);
      const hash = await this.#replaceWeakHash(credential, account, stored);
      if (hash !== undefined) this.#proved.add(credential.name, { ...proof, hash }, epoch);
    } catch (error) {
      return unavailable(error, {
        retryAfterSeconds: error instanceof UpstreamError ? error.retryAfterSeconds : undefined,
      });
    }
    return this.#grant(account);
  }

  /** Stores a stronger hash where that is possible. The password was right, so nothing here refuses it. */
  async #replaceWeakHash({ userName, password }: BasicCredential, account: Account, stored: StoredHash) {
    if (!this.#accounts.savesHashes) return undefined;
    try {
      const hash = await this.#passwords.upgrade(userName, password, stored);
      if (hash !== undefined) await this.#accounts.saveHash(account, hash);
      return hash;
    } catch (error) {
      publishBasicEvent({ kind: 'hash_not_saved', handler: this.name, reason: unavailable(error).reason });
      return undefined;
    }
  }

  #grant(account: Account): Authenticated {
    const authenticatedAt = Math.floor(this.#clock.now() / 1_000);
    const known = this.#grants.get(account);
    if (known?.principal.authenticatedAt === authenticatedAt) return known;
    const { name, roles = [], claims } = account;
    const scopes = this.#scopesOf(roles);
    const via = [{ handler: this.name, scheme: 'basic' }];
    const principal = createPrincipal({ subject: name, roles, claims, scopes, authenticatedAt, amr: ['pwd'], via });
    const grant = authenticated(principal);
    this.#grants.set(account, grant);
    return grant;
  }
}
