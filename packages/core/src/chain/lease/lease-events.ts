import type { LeaseEnd } from '../../decision/lease.js';
import type { PrincipalSummary } from '../../events/decision-events.js';
import { EventChannel } from '../../events/event-channel.js';

/** The `node:diagnostics_channel` for leases that ended before their answer or connection. Without subscribers it costs nothing. */
export const LEASE_CHANNEL = 'sallyport:lease';

/** An answer or a connection that goes on was ended. It holds no credential, no path and no query. */
export interface LeaseEvent {
  readonly kind: 'lease_ended';
  readonly chain: string;
  /** The id of the operation that was granted; undefined where the chain chose none. */
  readonly operation: string | undefined;
  readonly end: Exclude<LeaseEnd, 'released'>;
  /** The reason code of the refusal, where it was `revoked` or `denied`. */
  readonly reason: string | undefined;
  readonly principal: PrincipalSummary;
  /** How long it went on, in seconds. */
  readonly heldSeconds: number;
}

export const leaseEvents: EventChannel<LeaseEvent> = new EventChannel(LEASE_CHANNEL);

/**
 * Calls `listener` whenever a lease of this process ends before its answer or connection does.
 * @returns a function that ends the subscription
 * @example
 * const stop = onLeaseEvent(({ end, reason, principal }) => log.info(end, reason, principal.subject));
 * stop();
 */
export function onLeaseEvent(listener: (event: LeaseEvent) => unknown): () => void {
  return leaseEvents.listen(listener);
}
