import { channel } from 'node:diagnostics_channel';
import { harmless } from './harmless.js';

/**
 * A `node:diagnostics_channel` for events of one kind. Without subscribers it costs nothing. `publish` and `listen` may be
 * taken from it and handed on.
 */
export class EventChannel<Event extends object> {
  readonly #channel: ReturnType<typeof channel>;

  constructor(name: string) {
    this.#channel = channel(name);
  }

  get hasSubscribers(): boolean {
    return this.#channel.hasSubscribers;
  }

  /** Tells every subscriber, now. The event is frozen. */
  readonly publish = (event: Event): void => {
    if (this.#channel.hasSubscribers) this.#channel.publish(Object.freeze(event));
  };

  /**
   * Calls `listener` with every event, synchronously. It cannot harm the publisher: what it throws or rejects with
   * becomes a process warning, once.
   * @returns a function that ends the subscription
   */
  readonly listen = (listener: (event: Event) => unknown): (() => void) => {
    const receive = harmless(listener as (message: unknown) => unknown, String(this.#channel.name));
    this.#channel.subscribe(receive);
    return () => this.#channel.unsubscribe(receive);
  };
}
