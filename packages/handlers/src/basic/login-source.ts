import { hash } from 'node:crypto';
import { networkOf } from '@sallyport/core/limits';

/**
 * The keys under which a login attempt is counted: the same in every process, for known and unknown users, and for
 * every spelling of a name that a store could take for one. They are hashes, because people type passwords into the
 * wrong field, and are made only when somebody counts.
 */
export class LoginSource {
  readonly #handler: string;
  readonly #userName: string;
  readonly #address: string | undefined;
  #keys: readonly [network: string, account: string, accountAndNetwork: string] | undefined;

  constructor(handler: string, userName: string, address: string | undefined) {
    this.#handler = handler;
    this.#userName = userName;
    this.#address = address;
  }

  /** The keys of the network, of the account, and of that account as seen from that network. */
  get keys(): readonly [network: string, account: string, accountAndNetwork: string] {
    this.#keys ??= this.#makeKeys();
    return this.#keys;
  }

  #makeKeys(): readonly [string, string, string] {
    const network = networkOf(this.#address);
    const name = this.#userName.normalize('NFKC').toLowerCase();
    return [this.#key('network', network), this.#key('account', name), this.#key('account_and_network', network, name)];
  }

  /** The separator stands in no network and, being a control character, in no user name (RFC 7617 2). */
  #key(...parts: readonly string[]): string {
    return hash('sha256', [this.#handler, ...parts].join('\0'), 'base64url');
  }
}
