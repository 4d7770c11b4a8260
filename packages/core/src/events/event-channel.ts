import { channel } from 'node:diagnostics_channel';
import { harmless } from './harmless.js';

/**
 * A `node:diagnostics_channel` for events of one kind. Without subscribers it costs nothing. `publish` and `listen` are
 * bound: they can be passed on as plain functions.
 */
export class EventChannel<Event extends object> {
  readonly #channel: ReturnType<typeof channel>;

  constructor(name: string) {
    this.#channel = channel(name);
  }

  get hasSubscribers(): boolean {
    return this.#channel.hasSubscribers;
  }

  /** Freezes the event and calls every subscriber synchronously. */
  readonly publish = (event: Event): void => {
    if (this.#channel.hasSubscribers) this.#channel.publish(Object.freeze(event));
  };

  /**
   * Calls `listener` with every event, synchronously. Its errors do not reach the publisher: the first one becomes a
   * process warning, the others are dropped.
   * @returns a function that ends the subscription
   */
  readonly listen = (listener: (event: Event) => unknown): (() => void) => {
    const receive = harmless(listener as (message: unknown) => unknown, String(this.#channel.name));
    this.#channel.subscribe(receive);
    return () => this.#channel.unsubscribe(receive);
  };
}
