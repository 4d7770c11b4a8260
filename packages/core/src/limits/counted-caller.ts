import { hash } from 'node:crypto';
import { networksOf, UNKNOWN_NETWORK } from './network.js';

/**
 * The sender of a credential, with the keys of its failure counters. The keys are the same in every process, and the same
 * for all spellings of a user name that a store could treat as one account. They are hashes, because people type
 * passwords into the wrong field. They are made on first use: most logins need none.
 */
export class CountedCaller {
  /** Names the credential: a keyed hash. */
  readonly credential: string;
  readonly address: string | undefined;
  readonly #handler: string;
  readonly #account: string;
  #keys: CounterKeys | undefined;

  constructor(handler: string, claim: { account: string; credential: string }, address: string | undefined) {
    this.#handler = handler;
    this.#account = claim.account;
    this.credential = claim.credential;
    this.address = address;
  }

  get keys(): CounterKeys {
    this.#keys ??= this.#makeKeys();
    return this.#keys;
  }

  #makeKeys(): CounterKeys {
    const name = this.#account.normalize('NFKC').toLowerCase();
    const networks = countedNetworks(this.address);
    const account = this.#key('account', name);
    const [network] = networks.map((one) => this.#key('network', one));
    const pairs = networks.map((one) => this.#key('account_and_network', one, name));
    return { account, network, pairs, all: [account, ...(network === undefined ? [] : [network]), ...pairs] };
  }

  /** Unambiguous: the account name comes last, and no part before it contains the separator. */
  #key(...parts: readonly string[]): string {
    return hash('sha256', [this.#handler, ...parts].join('\0'), 'base64url');
  }
}

export interface CounterKeys {
  readonly account: string;
  /** Undefined without an address. Failures then count by account only. */
  readonly network: string | undefined;
  /** The account as seen from that network, then from the wider ones around it. */
  readonly pairs: readonly string[];
  readonly all: readonly string[];
}

/** From narrow to wide. One subscriber has many IPv6 networks, but an IPv4 /24 has many subscribers. */
function countedNetworks(address: string | undefined): readonly string[] {
  const networks = [...networksOf(address)].reverse();
  const [narrowest = UNKNOWN_NETWORK] = networks;
  if (narrowest === UNKNOWN_NETWORK) return [];
  return narrowest.includes(':') ? networks : [narrowest];
}
