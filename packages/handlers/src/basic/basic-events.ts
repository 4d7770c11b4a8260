import { EventChannel } from '@sallyport/core/extend';
import { BASIC_CHANNEL, type UserFileEvent } from './users/user-file-events.js';

export type BasicEvent =
  | UserFileEvent
  /** The shared counter store does not answer. Logins get 503, or are counted in this process (`whenStoreFails`). */
  | { readonly kind: 'failure_store_unavailable'; readonly handler: string; readonly reason: string }
  /** A weak hash could not be replaced by a stronger one. The login was not affected. */
  | { readonly kind: 'hash_not_saved'; readonly handler: string; readonly reason: string };

const events = new EventChannel<BasicEvent>(BASIC_CHANNEL, {
  listener: 'onBasicEvent()',
  problemOf(event) {
    if (event.kind === 'failure_store_unavailable') {
      return `${event.handler}: the counter store of failures does not answer: ${event.reason}`;
    }
    return event.kind === 'hash_not_saved'
      ? `${event.handler}: a stronger hash was not saved: ${event.reason}`
      : undefined;
  },
});

export const publishBasicEvent: EventChannel<BasicEvent>['publish'] = events.publish;

/**
 * Calls `listener` for every event around Basic in this process.
 * @returns a function that ends the subscription
 * @example
 * const stop = onBasicEvent((event) => log.warn(event.kind));
 * stop();
 */
export function onBasicEvent(listener: (event: BasicEvent) => unknown): () => void {
  return events.listen(listener);
}
