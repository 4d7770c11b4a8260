import { isIP } from 'node:net';

/**
 * Tells the address of the client. Whatever the server passes after the request may be named with its own type, which
 * only the parameters of a method allow.
 */
export type RemoteAddress = { tell(request: Request, ...rest: unknown[]): string | null | undefined }['tell'];

/** Finds the address of the client where the server is not Node's. */
export class PeerAddresses {
  readonly #tell: RemoteAddress | undefined;
  #isWarned = false;

  constructor(tell: RemoteAddress | undefined) {
    this.#tell = tell;
  }

  /** A value that is no address, or an error, counts as no address; the operator is told once. */
  find(request: Request, rest: readonly unknown[]): string | undefined {
    const tell = this.#tell;
    if (tell === undefined) return this.#unknown('no client address is known (remoteAddress)');
    try {
      const address: unknown = tell(request, ...rest);
      if (typeof address === 'string' && isIP(address) !== 0) return address;
    } catch {
      return this.#unknown('no client address is known, because remoteAddress threw');
    }
    return this.#unknown('no address of some clients is known, because remoteAddress returned none');
  }

  #unknown(why: string): undefined {
    if (!this.#isWarned) process.emitWarning(`fetchSecurity: ${why}`, 'SallyportWarning');
    this.#isWarned = true;
  }
}
