import { EventChannel } from '@sallyport/core/extend';
import { type MappingFailure, type MappingOutcome, type ToldError, toldError } from '../token/mapping-failure.js';

/**
 * The `node:diagnostics_channel` for what an operator of mutual TLS handlers has to mend. Without subscribers it costs nothing.
 * @example
 * subscribe(MUTUAL_TLS_CHANNEL, (event) => log.info(event));
 */
export const MUTUAL_TLS_CHANNEL = 'sallyport:mutual-tls';

/** `mapPrincipal` made no principal. `error` is absent where its time was over. */
export interface MutualTlsEvent {
  readonly kind: 'principal_mapping_failed';
  readonly handler: string;
  readonly outcome: MappingOutcome;
  readonly error: ToldError | undefined;
}

const events = new EventChannel<MutualTlsEvent>(MUTUAL_TLS_CHANNEL);

/**
 * Calls `listener` for everything that mutual TLS handlers of this process have to tell their operator.
 * @returns a function that ends the subscription
 * @example
 * const stop = onMutualTlsEvent((event) => log.warn(event.kind));
 * stop();
 */
export function onMutualTlsEvent(listener: (event: MutualTlsEvent) => unknown): () => void {
  return events.listen(listener);
}

/** Tells why a mapping made no principal. */
export function tellMappingFailure(handler: string, failure: MappingFailure): void {
  if (!events.hasSubscribers) return;
  const { outcome } = failure;
  events.publish({ kind: 'principal_mapping_failed', handler, outcome, error: toldError(failure) });
}
