/** What to change, by reason: see `SecurityHandler.fixes`. */
export const MUTUAL_TLS_FIXES: Readonly<Record<string, string>> = Object.freeze({
  credentials_missing:
    'Let the client show a certificate, and the server ask for it (requestCert). Behind a proxy that ends TLS, set clientCertificates of the adapter; its proxies must have the address of the proxy.',
  certificate_unverified:
    'Give the server the authority of the client as ca. Behind a proxy, let it verify, and set verifyHeader or allVerified of clientCertificates.',
  certificate_issuer_unknown:
    'Add the authority to issuedBy. If others stand between, let the client send their certificates; behind a proxy, set chainHeader of clientCertificates. For a certificate that nobody has verified, list the authority that issued it.',
  certificate_not_yet_valid: 'Set the clock of this machine and of the authority by NTP.',
  certificate_expired: 'Renew the certificate of the client, or of the authority that issued it.',
  certificate_use_mismatch: 'Issue a certificate for clients: with clientAuth, and not that of an authority.',
  certificate_unreadable: 'Issue a certificate with plain alternative names.',
  certificate_name_missing: 'Issue a certificate with a name of this kind, or set identity to one that it has.',
  certificate_name_ambiguous: 'Issue a certificate with one name of this kind, or list the one that counts in names.',
  certificate_name_malformed: 'Issue a certificate with a name as identity wants it.',
  certificate_name_unknown: 'Add the name to names, or let the client take another certificate.',
  trust_domain_unknown: 'Add the trust domain to trustDomains, or correct the certificate.',
  token_revoked: 'Nothing to fix: the certificate, its client or its subject was revoked. Issue a new one.',
});
