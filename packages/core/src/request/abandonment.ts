const NONE: readonly (() => void)[] = [];

/**
 * Tells when nobody waits for the answer to a request any more. The chain and the cache listen here and not to the
 * request's `signal`: most requests then need no AbortController, which costs more than a cached decision.
 */
export class Abandonment {
  /** One or two, as a rule: an exact list is smaller than a set (bench: introspection). */
  #listeners: readonly (() => void)[] = NONE;
  #controller: AbortController | undefined;
  #reason: DOMException | undefined;

  get isComplete(): boolean {
    return this.#reason !== undefined;
  }

  /** Created on first use. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Calls `listener` when nobody waits any more, or at once if nobody waits already. */
  add(listener: () => void): void {
    if (this.isComplete) listener();
    else this.#listeners = [...this.#listeners, listener];
  }

  remove(listener: () => void): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  /** Only the first call has an effect. */
  complete(name: 'AbortError' | 'TimeoutError', message: string): void {
    if (this.isComplete) return;
    this.#reason = new DOMException(message, name);
    // One of them may remove another.
    for (const listener of this.#listeners) if (this.#listeners.includes(listener)) listener();
    this.#controller?.abort(this.#reason);
  }
}
