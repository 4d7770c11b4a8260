import { EventChannel } from '@sallyport/core/extend';

/**
 * The `node:diagnostics_channel` of the events around API keys. Without subscribers it costs nothing.
 * @example
 * subscribe(API_KEY_CHANNEL, (event) => log.info(event));
 */
export const API_KEY_CHANNEL = 'sallyport:api-key';

export type ApiKeyEvent =
  /** The store did not take the time of the last use. The request was not affected. */
  { readonly kind: 'use_not_noted'; readonly handler: string; readonly reason: string };

const events = new EventChannel<ApiKeyEvent>(API_KEY_CHANNEL, {
  listener: 'onApiKeyEvent()',
  problemOf: ({ handler, reason }) => `${handler}: the last use of keys is not noted: ${reason}`,
});

export const publishApiKeyEvent: EventChannel<ApiKeyEvent>['publish'] = events.publish;

/**
 * Calls `listener` for every event around API keys in this process.
 * @returns a function that ends the subscription
 * @example
 * const stop = onApiKeyEvent((event) => log.warn(event.kind));
 * stop();
 */
export function onApiKeyEvent(listener: (event: ApiKeyEvent) => unknown): () => void {
  return events.listen(listener);
}
