import {
  type Principal,
  Revocations,
  type SecurityHandler,
  type Unavailable,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import {
  basicChallenge,
  type Challenge,
  type Clock,
  CountedCaller,
  type Eventually,
  FailureLimiter,
  GoodBefore,
  isVerdict,
  JoinedTasks,
  type LastingProof,
  networkOf,
  type SecurityRequest,
  UNKNOWN_NETWORK,
} from '@sallyport/core/extend';
import { BasicCredential, parseUserName } from './basic-credential.js';
import { publishBasicEvent } from './basic-events.js';
import { BASIC_FIXES } from './basic-fixes.js';
import {
  type BasicHandlerCollaborators,
  type BasicHandlerOptions,
  basicCollaborators,
  basicOptions,
} from './basic-options.js';
import { AccountVerdicts, failed, REVOKED, UNSUPPORTED_HASH, wrong } from './basic-verdict.js';
import { isOutside } from './challenge-audience.js';
import { userStoreOf } from './configured-users.js';
import { LoginRevocations } from './login-revocations.js';
import type { HashClient } from './passwords/hash-queue.js';
import { readHash, type StoredHash } from './passwords/password-hash.js';
import type { LegacyHash } from './passwords/password-hash-format.js';
import { PasswordVerifier } from './passwords/password-verifier.js';
import { ProvedPasswords } from './passwords/proved-passwords.js';
import type { Account } from './users/account.js';
import { AccountDirectory } from './users/account-directory.js';
import { legacyHashesOf } from './users/user-store.js';

/** One attempt to log in, with everything that is known before the password is hashed. */
interface Login {
  readonly credential: BasicCredential;
  readonly caller: CountedCaller;
  readonly account: Account | undefined;
  readonly stored: StoredHash | undefined;
}

/**
 * Authenticates by name and password (RFC 7617). Right passwords are not hashed again for a while, hashes run on few
 * threads behind a bounded queue, and failing logins have a budget. Unknown users and wrong passwords cost and look alike.
 * @example
 * const users = new BasicHandler({ realm: 'orders', users: accounts });
 */
export class BasicHandler implements SecurityHandler<BasicCredential> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly fixes = BASIC_FIXES;
  readonly withholdsChallenges: (request: SecurityRequest) => boolean;
  readonly #accounts: AccountDirectory;
  readonly #legacyHashes: readonly LegacyHash[];
  readonly #granted: AccountVerdicts;
  readonly #passwords: PasswordVerifier;
  readonly #proved: ProvedPasswords;
  readonly #revocations: LoginRevocations;
  readonly #limiter: FailureLimiter;
  readonly #good: GoodBefore;
  readonly #clock: Clock;
  readonly #underWay = new JoinedTasks<Verdict>();
  #knowsAddresses = true;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: BasicHandlerOptions, collaborators: BasicHandlerCollaborators = {}) {
    const settings = basicOptions(options);
    const services = basicCollaborators(collaborators);
    const { clock, counterStore, revocations = new Revocations() } = services;
    this.name = settings.name;
    this.challenges = Object.freeze([basicChallenge(settings.realm)]);
    this.withholdsChallenges = (request) => isOutside(settings.challengeTo, request);
    const users = userStoreOf(settings.users, services);
    this.#accounts = new AccountDirectory(users, settings.userStoreTimeoutMs, clock);
    this.#legacyHashes = legacyHashesOf(users, settings.name);
    this.#granted = new AccountVerdicts(settings.name, settings.scopesOfRoles ?? (() => []), clock);
    this.#passwords = new PasswordVerifier(settings.hashing, settings.queue, clock);
    this.#proved = new ProvedPasswords(settings.cache, clock);
    this.#revocations = new LoginRevocations(revocations, this.#accounts);
    this.#revocations.openAccounts();
    this.#clock = clock;
    this.#good = new GoodBefore({}, clock);
    this.#limiter = new FailureLimiter(settings.name, settings.failures, {
      store: counterStore,
      good: this.#good,
      clock,
      report: (reason) => publishBasicEvent({ kind: 'failure_store_unavailable', handler: this.name, reason }),
    });
  }

  extract({ authorization }: SecurityRequest): BasicCredential | Verdict | undefined {
    if (authorization.kind !== 'credentials' || authorization.scheme !== 'basic') return undefined;
    const { value } = authorization;
    const name = this.#proved.nameOf(value);
    const userName = this.#proved.find(name)?.userName ?? parseUserName(value);
    return typeof userName === 'string' ? new BasicCredential(value, userName, name) : userName;
  }

  verify(credential: BasicCredential, request: SecurityRequest): Eventually<Verdict> {
    const pending = this.#revocations.catchUp(this.#clock.monotonic());
    if (pending instanceof Promise) return pending.then(() => this.verify(credential, request));
    credential.revocation = this.#revocations.epoch;
    const found = this.#accounts.find(credential.userName);
    if (!(found instanceof Promise)) return this.#judge(credential, found, request);
    return found.then((account) => this.#judge(credential, account, request));
  }

  /** Refuses a password that was revoked while the chain waited for another handler or a guard. */
  recheck(credential: BasicCredential, principal: Principal): Verdict | undefined {
    return this.#revocations.leaves(credential, principal, credential.revocation) ? undefined : REVOKED;
  }

  /** Goes on until the password or its account is revoked. A new password ends it no more than it ends a session. */
  follow(credential: BasicCredential, principal: Principal): LastingProof {
    return this.#revocations.follow(credential, principal, this.#proved.find(credential.name)?.revocation ?? 0);
  }

  /** Forgets that passwords of this account were right: the next login with one is hashed again. */
  invalidate(accountName: string): void {
    this.#proved.invalidate(accountName);
  }

  /** Undoes what `close` did, for a chain that starts after another one has closed. Fails where hashing cannot work. */
  async start(): Promise<void> {
    this.#revocations.openAccounts();
    await this.#passwords.load();
  }

  async close(): Promise<void> {
    this.#revocations.closeAccounts();
  }

  #judge(
    credential: BasicCredential,
    account: Account | Unavailable | undefined,
    request: SecurityRequest,
  ): Eventually<Verdict> {
    if (isVerdict(account)) return account;
    if (account !== undefined && this.#limiter.isAtRest) {
      const remembered = this.#remembered(credential, account, request);
      if (remembered !== undefined) return remembered;
    }
    const { userName, name } = credential;
    const caller = new CountedCaller(this.name, { account: userName, credential: name }, request.remoteAddress);
    const key = this.#underWay.isEmpty ? undefined : checkKey(caller, account);
    const joins = key !== undefined && this.#underWay.has(key);
    const refusal = this.#limiter.standing(caller, joins);
    if (refusal !== undefined) return refusal;
    const remembered = account && this.#remembered(credential, account, request);
    if (remembered !== undefined) return remembered;
    const stored = account && readHash(account.hash, this.#legacyHashes);
    if (account !== undefined && stored === undefined) return UNSUPPORTED_HASH;
    request.trace?.noteCache(joins ? 'joined' : 'miss');
    const login = { credential, caller, account, stored };
    // Logins with the same credential from the same network share one check.
    return this.#underWay.join(key ?? checkKey(caller, account), request.signal, (gone) => this.#check(login, gone));
  }

  /** The verdict if the password was right for the present hash, lately enough, and no revocation has ended that. */
  #remembered(credential: BasicCredential, account: Account, request: SecurityRequest): Verdict | undefined {
    const proof = this.#proved.find(credential.name);
    if (proof?.hash !== account.hash) return undefined;
    const { maxVerdictAgeSeconds: age, trace } = request;
    if (age !== undefined && this.#clock.monotonic() - proof.askedMs >= age * 1_000) return undefined;
    const grant = this.#granted.of(account);
    if (!this.#revocations.leaves(credential, grant.principal, proof.revocation)) {
      this.#proved.drop(credential.name);
      return undefined;
    }
    proof.revocation = this.#revocations.epoch;
    trace?.noteCache('hit');
    return grant;
  }

  async #check(login: Login, abandoned: AbortSignal): Promise<Verdict> {
    const { credential, caller, account, stored } = login;
    const { userName: user, password } = credential;
    const { address } = caller;
    const [{ epoch }, askedMs] = [this.#proved, this.#clock.monotonic()];
    if (networkOf(address) === UNKNOWN_NETWORK) this.#warnOfUnknownAddresses();
    const standing = this.#good.standingOf(credential.name, address);
    let since = 0;
    let isRevoked = false;
    try {
      const passed = await this.#limiter.run(caller, async () => {
        await this.#revocations.synchronise();
        since = this.#revocations.epoch;
        const matches = await this.#passwords.matches({ user, address, standing, abandoned }, password, stored);
        isRevoked = matches && this.#revocations.refuses(credential, account?.name);
        return matches && !isRevoked;
      });
      if (typeof passed !== 'boolean') return passed;
      if (isRevoked) return REVOKED;
      if (!passed || account === undefined || stored === undefined) return wrong(account);
      const proof = { userName: user, account: account.name, hash: account.hash, askedMs, revocation: since };
      this.#proved.add(credential.name, proof, epoch);
      const hash = await this.#replaceWeakHash({ user, address, standing: 'known' }, login);
      if (hash !== undefined) this.#proved.add(credential.name, { ...proof, hash }, epoch);
    } catch (error) {
      return failed(error);
    }
    credential.revocation = this.#revocations.epoch;
    const grant = this.#granted.of(account);
    return this.#revocations.leaves(credential, grant.principal, since) ? grant : REVOKED;
  }

  /** Stores a stronger hash if the store saves hashes. A failure does not refuse the login: the password was right. */
  async #replaceWeakHash(client: HashClient, { credential, account, stored }: Login): Promise<string | undefined> {
    if (!this.#accounts.savesHashes || account === undefined || stored === undefined) return undefined;
    try {
      const hash = await this.#passwords.upgrade(client, credential.password, stored);
      if (hash !== undefined) await this.#accounts.saveHash(account, hash);
      return hash;
    } catch (error) {
      publishBasicEvent({ kind: 'hash_not_saved', handler: this.name, reason: unavailable(error).reason });
      return undefined;
    }
  }

  #warnOfUnknownAddresses(): void {
    if (!this.#knowsAddresses) return;
    this.#knowsAddresses = false;
    const problem = 'gets logins without a client address: failures are counted by account only (remoteAddress)';
    process.emitWarning(`${this.name} ${problem}`, 'SallyportWarning');
  }
}

/**
 * Logins with the same key share one check. The key contains the network of the address, so the spelling of the address
 * and the device in the network do not matter.
 */
function checkKey({ credential, address }: CountedCaller, account: Account | undefined): string {
  return `${credential} ${account?.hash} ${networkOf(address)}`;
}
