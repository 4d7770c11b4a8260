import { channel } from 'node:diagnostics_channel';

/** The `node:diagnostics_channel` for what an operator has to mend. Without subscribers it costs nothing. */
export const INTROSPECTION_CHANNEL = 'sallyport:introspection';

export type IntrospectionEvent =
  /** The authorization server refused the handler's own client authentication: every token gets 503 until it does not. */
  | { readonly kind: 'credentials_refused'; readonly handler: string; readonly status: number }
  /** An answer broke the format (RFC 7662 2.2), or its signature or what is signed was wrong (RFC 9701 5). */
  | { readonly kind: 'answer_unusable'; readonly handler: string; readonly reason: string };

const introspectionChannel: ReturnType<typeof channel> = channel(INTROSPECTION_CHANNEL);

export function publishIntrospectionEvent(event: IntrospectionEvent): void {
  if (introspectionChannel.hasSubscribers) introspectionChannel.publish(Object.freeze(event));
}

/**
 * Calls `listener` for everything that happens between introspection handlers of this process and their servers.
 * @returns a function that ends the subscription
 */
export function onIntrospectionEvent(listener: (event: IntrospectionEvent) => void): () => void {
  const receive = (event: unknown) => listener(event as IntrospectionEvent);
  introspectionChannel.subscribe(receive);
  return () => introspectionChannel.unsubscribe(receive);
}
