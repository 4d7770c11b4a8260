import type { Waiters } from '@sallyport/core/extend';

/**
 * Tells a mapping that nobody needs its answer any more: the deadline is over, or the last request that waited has gone.
 * The signal is made on first use, because few mappings look at it. After `end` it does not fire.
 */
export class MappingSignal {
  readonly #waiters: Pick<Waiters, 'signal'>;
  #controller: AbortController | undefined;
  #expiry: DOMException | undefined;

  constructor(waiters: Pick<Waiters, 'signal'>) {
    this.#waiters = waiters;
  }

  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    this.#controller = new AbortController();
    const { signal } = this.#waiters;
    if (this.#expiry !== undefined || signal.aborted) this.#controller.abort(this.#expiry ?? signal.reason);
    else signal.addEventListener('abort', this, { once: true });
    return this.#controller.signal;
  }

  /** Called when the last request has gone. */
  handleEvent(): void {
    this.#controller?.abort(this.#waiters.signal.reason);
  }

  /** Called at the deadline. */
  expire(): void {
    this.#expiry = new DOMException('The mapping took too long', 'TimeoutError');
    this.#controller?.abort(this.#expiry);
    this.end();
  }

  /** Called when the mapping is done. */
  end(): void {
    if (this.#controller !== undefined) this.#waiters.signal.removeEventListener('abort', this);
  }
}
