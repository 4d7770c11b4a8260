import { EventChannel, quoted } from '@sallyport/core/extend';
import { type MappingFailure, type MappingOutcome, type ToldError, toldError } from '../token/mapping-failure.js';
import { nearestName } from '../token/nearest-name.js';

/**
 * The `node:diagnostics_channel` for what an operator of JWT handlers has to mend. Without subscribers it costs nothing.
 * @example
 * subscribe(JWT_CHANNEL, (event) => log.info(event));
 */
export const JWT_CHANNEL = 'sallyport:jwt';

export type JwtEvent =
  /**
   * A token names an issuer that is not trusted, but differs from a trusted one only in a slash at the end, in upper and
   * lower case, or in `http`. The token is unverified: its issuer is quoted, and cut to 120 characters.
   */
  | {
      readonly kind: 'issuer_nearly_known';
      readonly handler: string;
      readonly issuer: string;
      readonly nearest: string;
    }
  /** `mapPrincipal` made no principal. `error` is absent where its time was over. */
  | {
      readonly kind: 'principal_mapping_failed';
      readonly handler: string;
      readonly outcome: MappingOutcome;
      readonly error: ToldError | undefined;
    };

const events = new EventChannel<JwtEvent>(JWT_CHANNEL);

/**
 * Calls `listener` for everything that JWT handlers of this process have to tell their operator.
 * @returns a function that ends the subscription
 * @example
 * const stop = onJwtEvent((event) => log.warn(event.kind));
 * stop();
 */
export function onJwtEvent(listener: (event: JwtEvent) => unknown): () => void {
  return events.listen(listener);
}

/** Tells which of the trusted issuers a token probably means. */
export function tellNearestIssuer(handler: string, issuer: string, trusted: () => readonly string[]): void {
  if (!events.hasSubscribers) return;
  const nearest = nearestName(issuer, trusted());
  if (nearest !== undefined) events.publish({ kind: 'issuer_nearly_known', handler, issuer: quoted(issuer), nearest });
}

/** Tells why a mapping made no principal. */
export function tellMappingFailure(handler: string, failure: MappingFailure): void {
  if (!events.hasSubscribers) return;
  const { outcome } = failure;
  events.publish({ kind: 'principal_mapping_failed', handler, outcome, error: toldError(failure) });
}
