import { channel } from 'node:diagnostics_channel';
import { systemClock } from '../clock/clock.js';
import { harmless } from './harmless.js';
import { Unheard } from './unheard.js';

/** What becomes of events that nobody listens for. */
export interface UnheardEvents<Event> {
  /** The function that subscribes, such as `onCacheEvent()`. */
  readonly listener: string;
  /** The event in words; undefined for an event that needs nobody's care. */
  problemOf(event: Event): string | undefined;
}

const NONE_UNHEARD: UnheardEvents<object> = { listener: '', problemOf: () => undefined };

/**
 * A `node:diagnostics_channel` for events of one kind. Without subscribers it costs nothing. `publish` and `listen` are
 * bound: they can be passed on as plain functions.
 */
export class EventChannel<Event extends object> {
  readonly #channel: ReturnType<typeof channel>;
  readonly #problemOf: (event: Event) => string | undefined;
  readonly #unheard: Unheard;

  /**
   * `problemOf` tells events that an operator has to hear of in words. Without a subscriber, these become process
   * warnings: each once, and again when it comes back after ten minutes. `listener` names the function that subscribes.
   */
  constructor(name: string, { listener, problemOf }: UnheardEvents<Event> = NONE_UNHEARD) {
    this.#channel = channel(name);
    this.#problemOf = problemOf;
    this.#unheard = new Unheard(listener, systemClock);
  }

  get hasSubscribers(): boolean {
    return this.#channel.hasSubscribers;
  }

  /** Freezes the event and calls every subscriber synchronously. */
  readonly publish = (event: Event): void => {
    if (this.#channel.hasSubscribers) {
      this.#channel.publish(Object.freeze(event));
      return;
    }
    const problem = this.#problemOf(event);
    if (problem !== undefined) this.#unheard.tell(problem, String((event as { kind?: unknown }).kind));
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
