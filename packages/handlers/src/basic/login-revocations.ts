import type { Principal, Revocations } from '@sallyport/core';
import type { Eventually } from '@sallyport/core/extend';
import type { BasicCredential } from './basic-credential.js';

/**
 * What revocations mean for passwords. Nothing says when a password was issued, so a revoked account has to prove it
 * anew; to shut somebody out is up to the user store. One credential can be refused altogether.
 */
export class LoginRevocations {
  readonly #revocations: Revocations;

  constructor(revocations: Revocations) {
    this.#revocations = revocations;
  }

  /** Grows with every revocation. */
  get epoch(): number {
    return this.#revocations.epoch;
  }

  /** Learns what other instances revoked. A login does not fail where that cannot be told. */
  synchronise(): Eventually<unknown> {
    return this.#revocations.synchronise();
  }

  /** Lets no remembered password be used for long without reading what other instances revoked. */
  keepUp(nowMs: number): void {
    this.#revocations.keepUp(nowMs);
  }

  /** This user name with this password is revoked. */
  refuses(credential: BasicCredential, accountName: string | undefined): boolean {
    if (this.epoch === 0 || accountName === undefined) return false;
    return credential.spellings(accountName).some((spelling) => this.#revocations.refuses(spelling));
  }

  /** Whether a password that was proved when `epoch` was `since` needs no new proof. */
  leaves(credential: BasicCredential, principal: Principal, since: number): boolean {
    if (this.refuses(credential, principal.subject)) return false;
    return this.#revocations.judge(NO_TOKEN, principal, since) === 'clear';
  }
}

/** All spellings of the credential were asked for before. */
const NO_TOKEN = '';
