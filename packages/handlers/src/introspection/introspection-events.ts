import { EventChannel } from '@sallyport/core/extend';

/** The `node:diagnostics_channel` for what an operator has to mend. Without subscribers it costs nothing. */
export const INTROSPECTION_CHANNEL = 'sallyport:introspection';

export type IntrospectionEvent =
  /**
   * The authorization server refused the handler's own client authentication: it took it from nobody yet, or refused a
   * token that was good before. Tokens get 503 until it does not.
   */
  | { readonly kind: 'credentials_refused'; readonly handler: string; readonly status: number }
  /** An answer broke the format (RFC 7662 2.2), or its signature or what is signed was wrong (RFC 9701 5). */
  | { readonly kind: 'answer_unusable'; readonly handler: string; readonly reason: string };

const events = new EventChannel<IntrospectionEvent>(INTROSPECTION_CHANNEL);

export const publishIntrospectionEvent: EventChannel<IntrospectionEvent>['publish'] = events.publish;

/**
 * Calls `listener` for everything that happens between introspection handlers of this process and their servers.
 * @returns a function that ends the subscription
 */
export function onIntrospectionEvent(listener: (event: IntrospectionEvent) => unknown): () => void {
  return events.listen(listener);
}
