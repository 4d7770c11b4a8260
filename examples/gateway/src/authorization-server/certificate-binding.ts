import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { OAuthError } from './oauth-error.js';

type AccessToken = InstanceType<Provider['AccessToken'] | Provider['ClientCredentials']>;

/** What the client shows at this connection. Nobody has to vouch for it: it has proved that it holds the key (RFC 8705 2.2). */
export function clientCertificate({ socket }: { readonly socket: object }): X509Certificate | undefined {
  return (socket as Partial<TLSSocket>).getPeerX509Certificate?.();
}

/**
 * Binds a token to the certificate of its client, if the client was registered for that (RFC 8705 3), as oidc-provider does for its
 * own grants.
 * @throws {OAuthError} invalid_grant where the client shows none
 */
export function bindToCertificate(token: AccessToken, context: KoaContextWithOIDC): void {
  if (context.oidc.client?.tlsClientCertificateBoundAccessTokens !== true) return;
  const certificate = clientCertificate(context);
  if (certificate === undefined) throw new OAuthError('invalid_grant', 'the client has to show its certificate');
  token.setThumbprint('x5t', certificate);
}
