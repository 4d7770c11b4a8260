import type { Lease, LeaseEnd, Principal } from '@sallyport/core';

/** The leases of several chains that have granted one request: the first that ends, ends them all. */
export class JoinedLease implements Lease {
  readonly #leases: readonly [Lease, ...Lease[]];
  #ended: LeaseEnd | undefined;

  /** @param leases the last that was granted stands first */
  constructor(leases: readonly [Lease, ...Lease[]]) {
    this.#leases = leases;
    for (const lease of leases) lease.onEnd((end) => this.#end(end));
  }

  get principal(): Principal {
    return this.#leases[0].principal;
  }

  get ended(): LeaseEnd | undefined {
    return this.#ended;
  }

  get signal(): AbortSignal {
    return this.#leases[0].signal;
  }

  onEnd(listener: (end: LeaseEnd) => void): void {
    this.#leases[0].onEnd((end) => listener(this.#ended ?? end));
  }

  release(): void {
    this.#end('released');
  }

  #end(end: LeaseEnd): void {
    this.#ended ??= end;
    for (const lease of this.#leases) lease.release();
  }
}
