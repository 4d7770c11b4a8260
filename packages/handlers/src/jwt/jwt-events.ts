import { EventChannel } from '@sallyport/core/extend';
import { quoted } from '../token/quoted.js';

/** The `node:diagnostics_channel` for what an operator of JWT handlers has to mend. Without subscribers it costs nothing. */
export const JWT_CHANNEL = 'sallyport:jwt';

export type JwtEvent =
  /**
   * A token names an issuer that is not trusted, but differs from a trusted one only in a slash at the end, in upper and
   * lower case, or in `http`. The token is unverified: its issuer is quoted, and cut to 120 characters.
   */
  { readonly kind: 'issuer_nearly_known'; readonly handler: string; readonly issuer: string; readonly nearest: string };

const events = new EventChannel<JwtEvent>(JWT_CHANNEL);

/**
 * Calls `listener` for everything that JWT handlers of this process have to tell their operator.
 * @returns a function that ends the subscription
 */
export function onJwtEvent(listener: (event: JwtEvent) => unknown): () => void {
  return events.listen(listener);
}

/** Tells which of the trusted issuers a token probably means. */
export function tellNearestIssuer(handler: string, issuer: string, trusted: () => readonly string[]): void {
  if (!events.hasSubscribers) return;
  const nearest = trusted().find((name) => rough(name) === rough(issuer));
  if (nearest !== undefined) events.publish({ kind: 'issuer_nearly_known', handler, issuer: quoted(issuer), nearest });
}

function rough(issuer: string): string {
  return issuer
    .trim()
    .toLowerCase()
    .replace(/^http:/, 'https:')
    .replace(/\/$/, '');
}
