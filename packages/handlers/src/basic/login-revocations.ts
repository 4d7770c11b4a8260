import type { Principal, Revocations } from '@sallyport/core';
import { type Eventually, isVerdict, type LastingProof } from '@sallyport/core/extend';
import { BasicCredential, parseUserName } from './basic-credential.js';
import type { AccountDirectory } from './users/account-directory.js';

/**
 * Applies revocations to passwords. The time at which a password was issued is unknown, so a revoked account only has
 * to prove its password anew. Only the user store can shut somebody out. One credential can be refused altogether.
 */
export class LoginRevocations {
  readonly #revocations: Revocations;
  readonly #accounts: AccountDirectory;
  #close: (() => void) | undefined;

  constructor(revocations: Revocations, accounts: AccountDirectory) {
    this.#revocations = revocations;
    this.#accounts = accounts;
  }

  /** From now on, a login that is revoked is revoked under the name of its account, too. */
  openAccounts(): void {
    this.#close = this.#revocations.openWith(this.#nameAsAccount);
  }

  closeAccounts(): void {
    this.#close?.();
  }

  /** Grows with every revocation. */
  get epoch(): number {
    return this.#revocations.epoch;
  }

  /** Reads what other instances have revoked. A login does not fail when that cannot be read. */
  synchronise(): Eventually<unknown> {
    return this.#revocations.synchronise();
  }

  /**
   * Has the revocations of other instances read in the background while remembered passwords are used. A promise if they
   * have to be read first.
   */
  catchUp(nowMs: number): Eventually<unknown> {
    return this.#revocations.keepUp(nowMs) ? undefined : this.synchronise();
  }

  /** True when this user name with this password is revoked. */
  refuses(credential: BasicCredential, accountName: string | undefined): boolean {
    if (this.epoch === 0 || accountName === undefined) return false;
    return credential.spellings(accountName).some((spelling) => this.#revocations.refuses(spelling));
  }

  /** True when a password that was proved at epoch `since` needs no new proof. */
  leaves(credential: BasicCredential, principal: Principal, since: number): boolean {
    if (since === this.epoch) return true;
    if (this.refuses(credential, principal.subject)) return false;
    return this.#revocations.statusOf(NO_TOKEN, principal, since) === 'clear';
  }

  /** What goes on of a password that was proved at epoch `since`, by every spelling of the credential. */
  follow(credential: BasicCredential, principal: Principal, since: number): LastingProof {
    return this.#revocations.follow(credential.spellings(principal.subject), principal, since);
  }

  /**
   * The credential with the name of its account. A store may find an account under several names, and a revoked
   * credential is refused under all of them.
   */
  readonly #nameAsAccount = async (token68: string): Promise<string | undefined> => {
    const userName = parseUserName(token68);
    const account = typeof userName === 'string' ? await this.#accounts.find(userName) : undefined;
    if (isVerdict(account)) throw new Error('the user store cannot tell');
    return account && new BasicCredential(token68, account.name, '').of(account.name);
  };
}

/** `refuses` has already looked for all spellings of the credential. */
const NO_TOKEN = '';
