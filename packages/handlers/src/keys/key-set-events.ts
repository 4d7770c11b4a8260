import { EventChannel, quoted } from '@sallyport/core/extend';
import type { KeyProblem } from '../jose/published-key.js';

/**
 * The `node:diagnostics_channel` for what happens to the keys of issuers. Without subscribers it costs nothing.
 * @example
 * subscribe(KEY_SET_CHANNEL, (event) => log.info(event));
 */
export const KEY_SET_CHANNEL = 'sallyport:key-set';

export type KeySetEvent =
  /** A key set was fetched and is in use. */
  | { readonly kind: 'keys_loaded'; readonly issuer: string; readonly keys: number }
  /** A key set could not be fetched; what was known before stays in use for a while. */
  | {
      readonly kind: 'keys_unavailable';
      readonly issuer: string;
      readonly reason: string;
      /** What was wrong, and where. Holds no secrets. */
      readonly detail: string | undefined;
    }
  /** Members of a key set are left out. */
  | { readonly kind: 'keys_unusable'; readonly issuer: string; readonly problem: KeyProblem; readonly count: number }
  /** Several keys have one identifier and algorithm: none of them is used (RFC 7517 4.5). */
  | { readonly kind: 'key_ids_ambiguous'; readonly issuer: string; readonly count: number }
  /** A key set publishes private keys (RFC 7517 9.2): whoever can read it can issue tokens. */
  | { readonly kind: 'private_keys_published'; readonly issuer: string; readonly count: number };

const events = new EventChannel<KeySetEvent>(KEY_SET_CHANNEL, {
  listener: 'onKeySetEvent()',
  problemOf(event) {
    if (event.kind === 'keys_unavailable') {
      return `the keys of ${quoted(event.issuer)} cannot be fetched: ${event.reason} (${event.detail ?? 'no details'})`;
    }
    return event.kind === 'private_keys_published' ? `${quoted(event.issuer)} publishes private keys` : undefined;
  },
});

export const publishKeySetEvent: EventChannel<KeySetEvent>['publish'] = events.publish;

/**
 * Calls `listener` for everything that happens to key sets in this process.
 * @returns a function that ends the subscription
 * @example
 * const stop = onKeySetEvent((event) => log.warn(event.kind));
 * stop();
 */
export function onKeySetEvent(listener: (event: KeySetEvent) => unknown): () => void {
  return events.listen(listener);
}
