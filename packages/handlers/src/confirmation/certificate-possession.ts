import { type Denied, denied, type Malformed } from '@sallyport/core';
import { isVerdict, type SecurityRequest, thumbprintOf } from '@sallyport/core/extend';

const NO_CERTIFICATE = denied('confirmation_unproved', {
  detail: 'cnf asks for a proof by "x5t#S256", and the connection has no client certificate',
});
const OTHER_CERTIFICATE = denied('confirmation_unproved', {
  detail: 'cnf asks for a proof by "x5t#S256", and the connection has another client certificate',
});

/**
 * Why the request does not come with the certificate of this thumbprint (RFC 8705 3); `undefined` where it does. Nobody has to
 * vouch for the certificate: the client has proved that it holds the key (RFC 8705 2.2).
 */
export function unprovedCertificate(thumbprint: string, request: SecurityRequest): Denied | Malformed | undefined {
  const certificate = request.clientCertificate();
  if (certificate === undefined) return NO_CERTIFICATE;
  if (isVerdict(certificate)) return certificate;
  return thumbprintOf(certificate.x509) === thumbprint ? undefined : OTHER_CERTIFICATE;
}
