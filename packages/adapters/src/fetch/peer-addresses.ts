import { isIP } from 'node:net';

/**
 * Tells the address of the client. Whatever the server passes after the request may be named with its own type, which
 * only the parameters of a method allow.
 */
export type RemoteAddress = { tell(request: Request, ...rest: unknown[]): string | null | undefined }['tell'];

interface AddressOptions {
  readonly remoteAddress?: RemoteAddress | undefined;
  readonly peerAddress?: RemoteAddress | undefined;
}

/** Who sends requests, where the server is not Node's. */
export interface Addresses {
  readonly clients: ToldAddresses;
  /** Of the connections: no word of a client. */
  readonly peers: ToldAddresses;
}

export function addressesOf({ remoteAddress, peerAddress }: AddressOptions): Addresses {
  return {
    clients: new ToldAddresses(remoteAddress, 'client', 'remoteAddress'),
    peers: new ToldAddresses(peerAddress, 'peer', 'peerAddress'),
  };
}

/** Finds the address that an option tells. */
export class ToldAddresses {
  readonly #tell: RemoteAddress | undefined;
  readonly #whose: string;
  readonly #option: string;
  #isWarned = false;

  constructor(tell: RemoteAddress | undefined, whose: 'client' | 'peer', option: string) {
    this.#tell = tell;
    this.#whose = whose;
    this.#option = option;
  }

  /** A value that is no address, or an error, counts as no address; the operator is told once. */
  find(request: Request, rest: readonly unknown[]): string | undefined {
    const tell = this.#tell;
    if (tell === undefined) return this.#unknown(`no ${this.#whose} address is known (${this.#option})`);
    try {
      const address: unknown = tell(request, ...rest);
      if (typeof address === 'string' && isIP(address) !== 0) return address;
    } catch {
      return this.#unknown(`no ${this.#whose} address is known, because ${this.#option} threw`);
    }
    return this.#unknown(`no address of some ${this.#whose}s is known, because ${this.#option} returned none`);
  }

  #unknown(why: string): undefined {
    if (!this.#isWarned) process.emitWarning(`fetchSecurity: ${why}`, 'SallyportWarning');
    this.#isWarned = true;
  }
}
