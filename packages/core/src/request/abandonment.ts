/**
 * Whether anybody still waits for an answer to a request. The chain and the cache listen to it, and not to the signal
 * that they give to others: most requests then need no AbortController, which costs more than a remembered decision.
 */
export class Abandonment {
  readonly #listeners = new Set<() => void>();
  #controller: AbortController | undefined;
  #reason: DOMException | undefined;

  get isComplete(): boolean {
    return this.#reason !== undefined;
  }

  /** Made on first use. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Calls `listener` when nobody waits any more: at once if that is so already. */
  add(listener: () => void): void {
    if (this.isComplete) listener();
    else this.#listeners.add(listener);
  }

  remove(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  /** What happens after the first time changes nothing. */
  complete(name: 'AbortError' | 'TimeoutError', message: string): void {
    if (this.isComplete) return;
    this.#reason = new DOMException(message, name);
    for (const listener of this.#listeners) listener();
    this.#controller?.abort(this.#reason);
  }
}
