import { isIP } from 'node:net';
import { declaredMember } from '@sallyport/core/extend';

/**
 * Tells the address of the client. Whatever the server passes after the request may be named with its own type, which
 * only the parameters of a method allow.
 */
export type RemoteAddress = { tell(request: Request, ...rest: unknown[]): string | null | undefined }['tell'];

/** The header in which the platform in front of the server tells the address, in place of what a client wrote there. */
export interface AddressHeader {
  readonly header: string;
}

interface AddressOptions {
  readonly remoteAddress?: RemoteAddress | AddressHeader | undefined;
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
    clients: new ToldAddresses(tellerOf(remoteAddress), 'client', 'remoteAddress'),
    peers: new ToldAddresses(peerAddress, 'peer', 'peerAddress'),
  };
}

function tellerOf(option: RemoteAddress | AddressHeader | undefined): RemoteAddress | undefined {
  return typeof option === 'object' ? (request) => request.headers.get(option.header) : option;
}

/** What servers pass besides the Request: Bun its server, Deno what it knows of the connection. */
interface Passed {
  readonly requestIP?: unknown;
  readonly remoteAddr?: { readonly hostname?: unknown };
}

/** The other end of the connection, as Bun or Deno tells it. Undefined where another server has the request. */
function toldByServer(request: Request, passed: unknown): unknown {
  if (typeof passed !== 'object' || passed === null) return undefined;
  const requestIP = declaredMember(passed as Passed, 'requestIP');
  if (typeof requestIP === 'function') return requestIP.call(passed, request)?.address;
  return declaredMember(passed as Passed, 'remoteAddr')?.hostname;
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
    try {
      const address: unknown = tell === undefined ? toldByServer(request, rest[0]) : tell(request, ...rest);
      if (address === undefined && tell === undefined)
        return this.#unknown(`no ${this.#whose} address is known (${this.#option})`);
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
