import { keepSpecimen } from '../brand/specimen.js';

/** What ends when nobody waits for it any more. */
export interface Abandonable {
  abandon(): void;
}

const NONE: readonly Abandonable[] = [];

/**
 * Tells when nobody waits for the answer to a request any more, or for a lookup. The chain and the cache listen here and
 * not to a `signal`: most requests then need no AbortController, which costs more than a cached decision.
 */
export class Abandonment {
  static {
    keepSpecimen(new this());
  }

  /** One or two, as a rule: an exact list is smaller than a set, and than one that grows (bench: introspection). */
  #listeners: readonly Abandonable[] = NONE;
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

  /** Calls `abandon` of the listener when nobody waits any more, or at once if nobody waits already. */
  add(listener: Abandonable): void {
    if (this.isComplete) listener.abandon();
    else this.#listeners = this.#listeners.concat(listener);
  }

  remove(listener: Abandonable): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  /** Only the first call has an effect. */
  complete(name: 'AbortError' | 'TimeoutError', message: string): void {
    if (this.isComplete) return;
    this.#reason = new DOMException(message, name);
    // One of them may remove another.
    for (const listener of this.#listeners) if (this.#listeners.includes(listener)) listener.abandon();
    this.#controller?.abort(this.#reason);
  }
}
