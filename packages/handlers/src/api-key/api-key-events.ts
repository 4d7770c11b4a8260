import { EventChannel } from '@sallyport/core/extend';
import { API_KEY_CHANNEL, type KeyFileEvent } from './stores/key-file-events.js';

export type ApiKeyEvent =
  | KeyFileEvent
  /** The store did not take the time of the last use. The request was not affected. */
  | { readonly kind: 'use_not_noted'; readonly handler: string; readonly reason: string };

const events = new EventChannel<ApiKeyEvent>(API_KEY_CHANNEL, {
  listener: 'onApiKeyEvent()',
  problemOf: (event) =>
    event.kind === 'use_not_noted' ? `${event.handler}: the last use of keys is not noted: ${event.reason}` : undefined,
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
