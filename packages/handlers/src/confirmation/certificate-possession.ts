import { hash } from 'node:crypto';
import { type Denied, denied } from '@sallyport/core';
import type { SecurityRequest } from '@sallyport/core/extend';

const NO_CERTIFICATE = denied('confirmation_unproved', {
  detail: 'cnf asks for a proof by "x5t#S256", and the connection has no client certificate',
});
const OTHER_CERTIFICATE = denied('confirmation_unproved', {
  detail: 'cnf asks for a proof by "x5t#S256", and the connection has another client certificate',
});

/** Why the request does not come with the certificate of this thumbprint (RFC 8705 3); `undefined` where it does. */
export function unprovedCertificate(thumbprint: string, request: SecurityRequest): Denied | undefined {
  const certificate = request.peerCertificate();
  if (certificate === undefined) return NO_CERTIFICATE;
  return hash('sha256', certificate.raw, 'base64url') === thumbprint ? undefined : OTHER_CERTIFICATE;
}
