import { EventChannel } from '@sallyport/core/extend';
import { type MappingFailure, type MappingOutcome, type ToldError, toldError } from '../token/mapping-failure.js';

/**
 * The `node:diagnostics_channel` for what an operator has to mend. Without subscribers it costs nothing.
 * @example
 * subscribe(INTROSPECTION_CHANNEL, (event) => log.info(event));
 */
export const INTROSPECTION_CHANNEL = 'sallyport:introspection';

export type IntrospectionEvent =
  /**
   * The authorization server refused the credentials of the handler itself. It never accepted them, or it refused a
   * call about a token that was good before. Tokens get 503 until it accepts them.
   */
  | {
      readonly kind: 'credentials_refused';
      readonly handler: string;
      readonly status: number;
      /** Where. Holds no secrets. */
      readonly detail: string;
    }
  /** No usable answer could be had; told once for the same cause, and again only after an answer. */
  | {
      readonly kind: 'server_unavailable';
      readonly handler: string;
      readonly reason: string;
      /** What was wrong, and where. Holds no secrets. */
      readonly detail: string;
    }
  /** An answer broke the format (RFC 7662 2.2), or its signature or what is signed was wrong (RFC 9701 5). */
  | {
      readonly kind: 'answer_unusable';
      readonly handler: string;
      readonly reason: string;
      /** What was wrong, and where. Holds no secrets. */
      readonly detail: string | undefined;
    }
  /** `mapPrincipal` made no principal. `error` is absent where its time was over. */
  | {
      readonly kind: 'principal_mapping_failed';
      readonly handler: string;
      readonly outcome: MappingOutcome;
      readonly error: ToldError | undefined;
    };

const events = new EventChannel<IntrospectionEvent>(INTROSPECTION_CHANNEL);

export const publishIntrospectionEvent: EventChannel<IntrospectionEvent>['publish'] = events.publish;

/** Tells why a mapping made no principal. */
export function tellMappingFailure(handler: string, failure: MappingFailure): void {
  if (!events.hasSubscribers) return;
  const { outcome } = failure;
  events.publish({ kind: 'principal_mapping_failed', handler, outcome, error: toldError(failure) });
}

/**
 * Calls `listener` for everything that happens between introspection handlers of this process and their servers.
 * @returns a function that ends the subscription
 * @example
 * const stop = onIntrospectionEvent((event) => log.warn(event.kind));
 * stop();
 */
export function onIntrospectionEvent(listener: (event: IntrospectionEvent) => unknown): () => void {
  return events.listen(listener);
}
