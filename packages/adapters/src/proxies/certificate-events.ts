import { EventChannel } from '@sallyport/core/extend';

/**
 * The `node:diagnostics_channel` for client certificates that proxies forward. Without subscribers it costs nothing.
 * @example
 * subscribe(CERTIFICATE_CHANNEL, (event) => log.info(event));
 */
export const CERTIFICATE_CHANNEL = 'sallyport:certificates';

/**
 * A certificate stood in a header that only trusted proxies may write, and `peer` is none of them. It counts for nothing:
 * either a client has forged it, or `clientCertificates` lacks the address of a proxy. `peer` is undefined where it is not known.
 */
export interface CertificateEvent {
  readonly kind: 'forwarded_certificate_ignored';
  readonly header: string;
  readonly peer: string | undefined;
}

const events = new EventChannel<CertificateEvent>(CERTIFICATE_CHANNEL, {
  listener: 'onCertificateEvent()',
  // The address is not told here: each would be a warning of its own.
  problemOf: ({ header }) =>
    `a certificate in ${header} counts for nothing, because its sender is not in proxies of clientCertificates`,
});

export const publishCertificateEvent: EventChannel<CertificateEvent>['publish'] = events.publish;

/**
 * Calls `listener` with every event about forwarded client certificates in this process.
 * @returns a function that ends the subscription
 * @example
 * const stop = onCertificateEvent(({ kind, peer }) => log.warn(kind, peer));
 * stop();
 */
export function onCertificateEvent(listener: (event: CertificateEvent) => unknown): () => void {
  return events.listen(listener);
}
