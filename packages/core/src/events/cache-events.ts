import { EventChannel } from './event-channel.js';

/** The `node:diagnostics_channel` for what goes wrong around caches. Without subscribers it costs nothing. */
export const CACHE_CHANNEL = 'sallyport:cache';

export type CacheEvent =
  /** A shared store returned a value that this deployment did not write: somebody else writes there. */
  | { readonly kind: 'shared_value_forged'; readonly namespace: string }
  /**
   * A lookup was `unavailable`, and a remembered answer is given beyond its lifetime (`staleIfUnavailableSeconds`). Told
   * for the first such answer, and again after a lookup was answered.
   */
  | { readonly kind: 'outage_bridged'; readonly namespace: string; readonly reason: string }
  /**
   * What other instances revoke cannot be read, or not to its end, so nothing of a shared store is believed. Told for the
   * first time, and again after it could be read.
   */
  | { readonly kind: 'revocations_behind' }
  /**
   * The bus lost revocations: its stream was deleted, trimmed or restored. What it has is read anew, and each instance
   * sends its own again. Answers of a shared store from before are not believed.
   */
  | { readonly kind: 'revocations_lost' }
  /** A revocation arrived that this deployment did not write. */
  | { readonly kind: 'revocation_forged' }
  /** There was no room for a revocation, which therefore refuses nothing here: the token, client or subject goes on. */
  | { readonly kind: 'revocations_full' };

const events = new EventChannel<CacheEvent>(CACHE_CHANNEL);

export const publishCacheEvent: EventChannel<CacheEvent>['publish'] = events.publish;

/**
 * Calls `listener` for everything that goes wrong around the caches of this process.
 * @returns a function that ends the subscription
 */
export function onCacheEvent(listener: (event: CacheEvent) => unknown): () => void {
  return events.listen(listener);
}
