import { hash, type X509Certificate } from 'node:crypto';

/**
 * The certificate by which the client has proved itself to whoever ended its TLS connection: this server, or a trusted
 * proxy. The client holds its key in either case (RFC 8446 4.4.3). Whether somebody vouches for what it says is another
 * question, which `isVerified` answers.
 */
export interface ClientCertificate {
  readonly x509: X509Certificate;
  /** Whether TLS has verified it, up to an authority that the server or the proxy trusts. */
  readonly isVerified: boolean;
  /** The certificates of authorities that came with it, nearest first; empty where none came. */
  readonly chain: readonly X509Certificate[];
}

const thumbprints = new WeakMap<X509Certificate, string>();

/**
 * The thumbprint of a certificate as tokens name it (RFC 8705 3.1): SHA-256 over its DER form, in base64url. It is computed
 * once for each certificate object.
 */
export function thumbprintOf(certificate: X509Certificate): string {
  const known = thumbprints.get(certificate);
  if (known !== undefined) return known;
  const thumbprint = hash('sha256', certificate.raw, 'base64url');
  thumbprints.set(certificate, thumbprint);
  return thumbprint;
}
