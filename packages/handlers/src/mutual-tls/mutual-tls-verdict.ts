import { type Denied, denied, type PrincipalInit } from '@sallyport/core';
import { type ClientCertificate, thumbprintOf } from '@sallyport/core/extend';
import { type Validity, validityOf } from './authorities.js';
import { distinguishedName, namesIn } from './certificate-names.js';
import { identityIn } from './identity.js';
import type { MutualTlsSettings } from './mutual-tls-options.js';

/** `clientAuth`, and any use (RFC 5280 4.2.1.12). Node calls the extended uses `keyUsage`. */
const CLIENT_USES: readonly string[] = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'];

export const UNVERIFIED: Denied = denied('certificate_unverified', {
  detail: 'neither TLS nor the proxy has verified the certificate',
});
const NOT_ISSUED: Denied = denied('certificate_issuer_unknown', { detail: 'no authority of issuedBy has issued it' });
const OTHER_USE: Denied = denied('certificate_use_mismatch', { detail: 'its extended key usage has no clientAuth' });
const UNREADABLE: Denied = denied('certificate_unreadable', { detail: 'its alternative names cannot be told apart' });

/** What a certificate makes the principal of, or why it is refused. */
export function claimsOf(
  { x509, chain, isVerified }: ClientCertificate,
  settings: MutualTlsSettings,
  nowMs: number,
): PrincipalInit | Denied {
  const { policy, issuedBy, kind, name } = settings;
  const validity = issuedBy === undefined ? validityOf(x509) : issuedBy.wayFrom(x509, isVerified ? chain : []);
  if (validity === undefined) return NOT_ISSUED;
  const untimely = refusalAt(validity, nowMs, settings.clockToleranceSeconds * 1_000);
  if (untimely !== undefined) return untimely;
  const uses = x509.keyUsage as readonly string[] | undefined;
  if (uses !== undefined && !uses.some((use) => CLIENT_USES.includes(use))) return OTHER_USE;
  if (policy.identity === 'spiffe' && x509.ca)
    return denied('certificate_use_mismatch', { detail: 'it is that of an authority, and not of a workload' });
  const names = namesIn(x509);
  if (names === undefined) return UNREADABLE;
  const thumbprint = thumbprintOf(x509);
  const found = identityIn(names, thumbprint, policy);
  if ('reason' in found) return found;
  const { subject, issuer = distinguishedName(x509.issuer) } = found;
  return {
    kind,
    subject,
    issuer: issuer === '' ? undefined : issuer,
    ...(kind === 'client' && { clientId: subject }),
    issuedAt: Math.floor(validity.fromMs / 1_000),
    expiresAt: Math.floor(validity.untilMs / 1_000),
    claims: {
      // By this name revocations find it: no other spelling of the certificate has another (its signature has several).
      jti: x509.serialNumber.toLowerCase(),
      subjectName: names.subject,
      issuerName: distinguishedName(x509.issuer),
      dnsNames: names.dns,
      uris: names.uris,
      emails: names.emails,
    },
    confirmation: { 'x5t#S256': thumbprint },
    via: [{ handler: name, scheme: 'mutual-tls' }],
  };
}

/** Written so that a date that cannot be read refuses. */
function refusalAt({ fromMs, untilMs }: Validity, nowMs: number, toleranceMs: number): Denied | undefined {
  if (!(fromMs <= nowMs + toleranceMs))
    return denied('certificate_not_yet_valid', { detail: `it begins at ${shown(fromMs)}` });
  if (!(nowMs < untilMs + toleranceMs))
    return denied('certificate_expired', { detail: `it ended at ${shown(untilMs)}` });
  return undefined;
}

function shown(timeMs: number): string {
  return Number.isFinite(timeMs) ? new Date(timeMs).toISOString() : 'a date that cannot be read';
}
