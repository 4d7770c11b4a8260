import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import { APPLICATION_SCOPE, applicationScopes, DEFAULT_SCOPE } from '../scopes.js';
import { findUser } from '../users.js';
import { defaultResourceOf } from './access-token-format.js';
import { bindToCertificate } from './certificate-binding.js';

export const CLIENT_CREDENTIALS_PARAMETERS: readonly string[] = ['scope', 'resource'];

/**
 * The client credentials grant (RFC 6749 4.4). An application gets those of the requested scopes that its owner may
 * have.
 */
export async function clientCredentialsGrant(
  provider: Provider,
  context: KoaContextWithOIDC,
  resourceServerFor: (resource: string) => ResourceServer,
): Promise<void> {
  const client = context.oidc.client as NonNullable<typeof context.oidc.client>;
  const params = context.oidc.params as Record<string, string | undefined>;
  const roles = findUser(String(client['owner']))?.roles ?? [];
  const granted = applicationScopes(params['scope']?.split(' ') ?? [], roles);
  const scope = granted.length === 0 ? `${APPLICATION_SCOPE} ${DEFAULT_SCOPE}` : granted.join(' ');
  const resource = params['resource'] ?? defaultResourceOf(client);
  const token = new provider.ClientCredentials({ client, scope } as never);
  if (resource !== undefined) {
    token.resourceServer = new provider.ResourceServer(resource, resourceServerFor(resource));
  }
  bindToCertificate(token, context);
  context.oidc.entity('ClientCredentials', token);
  const accessToken = await token.save();
  context.body = { access_token: accessToken, scope, token_type: 'Bearer', expires_in: token.expiration };
}
