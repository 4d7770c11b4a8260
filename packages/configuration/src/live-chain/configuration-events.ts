import { SallyportError } from '@sallyport/core';
import { EventChannel } from '@sallyport/core/extend';

/**
 * The `node:diagnostics_channel` for changes of configuration files.
 * @example
 * subscribe(CONFIGURATION_CHANNEL, (event) => log.info(event));
 */
export const CONFIGURATION_CHANNEL = 'sallyport:configuration';

export type ConfigurationEvent =
  /** A changed configuration is in effect. */
  | { readonly kind: 'configuration_taken'; readonly file: string }
  /**
   * A changed configuration cannot be used, so the chain before it goes on. Published once for the same problem.
   * `problem` quotes no value of the configuration.
   */
  | { readonly kind: 'configuration_rejected'; readonly file: string; readonly problem: string }
  /** The chain before a change could not be closed completely: it may still hold connections. */
  | { readonly kind: 'chain_left_open'; readonly file: string; readonly problem: string };

const events = new EventChannel<ConfigurationEvent>(CONFIGURATION_CHANNEL);

/** Publishes an event. A problem that nobody listens to becomes a process warning. */
export function publishConfigurationEvent(event: ConfigurationEvent): void {
  if (!events.hasSubscribers && 'problem' in event)
    process.emitWarning(`${event.kind}: ${event.file}: ${event.problem}`, 'SallyportWarning');
  events.publish(event);
}

/**
 * Calls `listener` with every event about changed configuration files of this process.
 * @returns a function that ends the subscription
 * @example
 * onConfigurationEvent((event) => logger.info(event));
 */
export function onConfigurationEvent(listener: (event: ConfigurationEvent) => unknown): () => void {
  return events.listen(listener);
}

/** Errors of the library quote no value. Of others only the class is told. */
export function problemOf(error: Error): string {
  return error instanceof SallyportError ? error.message : `a handler failed with ${error.constructor.name}`;
}
