import type { Principal, PrincipalSummary } from '@sallyport/core';
import { EventChannel } from '@sallyport/core/extend';

/**
 * The `node:diagnostics_channel` for what contracts see. Without subscribers it costs nothing.
 * @example
 * subscribe(CONTRACT_CHANNEL, (event) => log.info(event));
 */
export const CONTRACT_CHANNEL = 'sallyport:contract';

/** Somebody satisfied a security scheme that the definition calls deprecated (OpenAPI 3.2.0 4.27), with its scopes. */
export interface ContractEvent {
  readonly kind: 'deprecated_scheme_used';
  /** The name of the scheme in the definition. */
  readonly scheme: string;
  /** Who still uses it. */
  readonly principal: PrincipalSummary;
}

const events = new EventChannel<ContractEvent>(CONTRACT_CHANNEL);

/**
 * Calls `listener` with every event of the contracts of this process.
 * @returns a function that ends the subscription
 * @example
 * const stop = onContractEvent(({ scheme, principal }) => log.warn(scheme, principal.clientId));
 * stop();
 */
export function onContractEvent(listener: (event: ContractEvent) => unknown): () => void {
  return events.listen(listener);
}

/** Tells that somebody satisfied a deprecated scheme. */
export function noteDeprecated(scheme: string): (principal: Principal) => void {
  return ({ kind, issuer, subject, clientId, actor }) => {
    if (!events.hasSubscribers) return;
    events.publish({ kind: 'deprecated_scheme_used', scheme, principal: { kind, issuer, subject, clientId, actor } });
  };
}
