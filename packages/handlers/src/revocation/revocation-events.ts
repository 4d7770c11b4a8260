import { EventChannel } from '@sallyport/core/extend';

/**
 * The `node:diagnostics_channel` for what others say is revoked. Without subscribers it costs nothing.
 * @example
 * subscribe(REVOCATION_CHANNEL, (event) => log.info(event));
 */
export const REVOCATION_CHANNEL = 'sallyport:revocation';

export type RevocationEvent =
  /** An issuer has logged somebody out, and every instance was told. */
  | {
      readonly kind: 'logout_received';
      readonly issuer: string;
      readonly subject: string | undefined;
      /** True where one session has ended (`sid`), and not all of the subject. */
      readonly ofSession: boolean;
    }
  /** What was sent is no logout token that counts: 400, 405 or 413. */
  | {
      readonly kind: 'logout_refused';
      readonly reason: string;
      /** What was expected and what came. What comes from a token is quoted, and cut to 120 characters. */
      readonly detail: string | undefined;
      /** True where the issuer has signed it: then the issuer, or the options here, have to change. */
      readonly isSigned: boolean;
    }
  /** A logout could not be verified, or not be shared with all instances: 503. The issuer has to send it again. */
  | {
      readonly kind: 'logout_failed';
      readonly reason: string;
      /** What was wrong, and where. Holds no secrets. */
      readonly detail: string | undefined;
    }
  /**
   * `token_revoked`: a caller has revoked a token, and every instance was told. `revocation_failed`: they could not be told,
   * or there was no room: 503.
   */
  | {
      readonly kind: 'token_revoked' | 'revocation_failed';
      /** The caller. */
      readonly issuer: string | undefined;
      readonly subject: string;
      readonly clientId: string | undefined;
    }
  /** A bug of a store, guard or mapping: 500. The class and code of the error. */
  | { readonly kind: 'endpoint_threw'; readonly name: string; readonly code: string | undefined }
  /** Nothing was revoked: the caller may not do this, or sent something else than a token. */
  | {
      readonly kind: 'revocation_refused';
      readonly reason: string;
      /** The caller, if there is one. */
      readonly subject: string | undefined;
    };

const events = new EventChannel<RevocationEvent>(REVOCATION_CHANNEL, {
  listener: 'onRevocationEvent()',
  problemOf(event) {
    switch (event.kind) {
      case 'logout_received':
        return undefined;
      case 'logout_refused':
        // Anybody may send what is not signed.
        return event.isSigned ? `a logout token was refused: ${reasonOf(event)}` : undefined;
      case 'logout_failed':
        return `a logout could not be done: ${reasonOf(event)}`;
      case 'revocation_failed':
        return 'a revoked token could not be shared with all instances';
      case 'endpoint_threw':
        return `an endpoint of revocations threw ${event.name}${event.code === undefined ? '' : ` (${event.code})`}`;
      case 'token_revoked':
      case 'revocation_refused':
        return undefined;
    }
  },
});

function reasonOf({ reason, detail }: { readonly reason: string; readonly detail: string | undefined }): string {
  return detail === undefined ? reason : `${reason} (${detail})`;
}

export const publishRevocationEvent: EventChannel<RevocationEvent>['publish'] = events.publish;

/**
 * Calls `listener` with everything that others say is revoked, and with what was refused of it.
 * @returns a function that ends the subscription
 * @example
 * const stop = onRevocationEvent((event) => log.warn(event.kind));
 * stop();
 */
export function onRevocationEvent(listener: (event: RevocationEvent) => unknown): () => void {
  return events.listen(listener);
}
