import { EventChannel } from './event-channel.js';

/** The `node:diagnostics_channel` for problems of caches, shared stores and revocations. Without subscribers it costs nothing. */
export const CACHE_CHANNEL = 'sallyport:cache';

export type CacheEvent =
  /** A shared store returned a value that this deployment did not write. Somebody else writes to that store. */
  | { readonly kind: 'shared_value_forged'; readonly namespace: string }
  /** A value of the shared store has a form that this version does not know: an instance of another version wrote it. */
  | { readonly kind: 'shared_value_unreadable'; readonly namespace: string }
  /**
   * A lookup was `unavailable`, so the cache answered with an expired value (`staleIfUnavailableSeconds`). Published
   * for the first such answer, and again for the first one after a lookup has succeeded.
   */
  | { readonly kind: 'outage_bridged'; readonly namespace: string; readonly reason: string }
  /**
   * The revocations of other instances cannot be read, or not completely. Until they can be read, no value of a shared
   * store is trusted. Published at the first failure, and again at the first failure after a successful read.
   */
  | { readonly kind: 'revocations_behind' }
  /**
   * The bus lost revocations: its stream was deleted, trimmed or restored. Each instance reads the stream again from
   * the start and sends its own revocations again. Older values of a shared store are not trusted.
   */
  | { readonly kind: 'revocations_lost' }
  /** A revocation arrived that this deployment did not write. */
  | { readonly kind: 'revocation_forged' }
  /**
   * There was no room for a revocation, so it has no effect in this process: the token, client or subject is still
   * accepted.
   */
  | { readonly kind: 'revocations_full' }
  /**
   * A once store in Redis is new or has lost marks, by a restart, a flush, an older snapshot or a failover. For as long as
   * a mark lasts, what is to be marked is refused with 503.
   */
  | { readonly kind: 'once_marks_lost'; readonly prefix: string }
  /**
   * The counter store of a limit gives no answer: each process grants its share of the limit. Published at the first such
   * answer, and again at the first one after the store has answered.
   */
  | { readonly kind: 'limit_store_unavailable'; readonly limit: string; readonly reason: string }
  /** The counter store of a limit answers again. */
  | { readonly kind: 'limit_store_recovered'; readonly limit: string }
  /** A Redis with a once store drops marks when its memory is full: then the same may pass a second time. */
  | { readonly kind: 'once_marks_evictable'; readonly prefix: string; readonly policy: string };

const events = new EventChannel<CacheEvent>(CACHE_CHANNEL, {
  listener: 'onCacheEvent()',
  problemOf(event) {
    switch (event.kind) {
      case 'shared_value_forged':
        return `${event.namespace}: the shared store returned a value that this deployment did not write`;
      case 'shared_value_unreadable':
        return `${event.namespace}: another version wrote a value of the shared store, and it is not used`;
      case 'outage_bridged':
        return `${event.namespace} uses expired answers, because nobody answers: ${event.reason}`;
      case 'revocations_behind':
        return 'the revocations of other instances cannot be read: shared answers are not used';
      case 'revocations_lost':
        return 'the revocation bus lost revocations: each instance sends its own again';
      case 'revocation_forged':
        return 'a revocation arrived that this deployment did not write';
      case 'once_marks_lost':
        return `the once store ${event.prefix} is new or has lost marks: for as long as one lasts, none is made`;
      case 'once_marks_evictable':
        return `the once store ${event.prefix} may lose marks by the policy ${event.policy}: noeviction keeps them`;
      case 'limit_store_unavailable':
        return `the limit ${event.limit} has no answer of its counter store (${event.reason}): each process grants its share`;
      case 'limit_store_recovered':
      case 'revocations_full':
        return undefined;
    }
  },
});

export const publishCacheEvent: EventChannel<CacheEvent>['publish'] = events.publish;

/**
 * Calls `listener` with every cache event of this process.
 * @returns a function that ends the subscription
 * @example
 * const stop = onCacheEvent((event) => log.warn(event.kind));
 * stop();
 */
export function onCacheEvent(listener: (event: CacheEvent) => unknown): () => void {
  return events.listen(listener);
}
