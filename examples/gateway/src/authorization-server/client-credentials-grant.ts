import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import { APPLICATION_SCOPE, DEFAULT_SCOPE } from '../scopes.js';
import { defaultResourceOf } from './access-token-format.js';

export const CLIENT_CREDENTIALS_PARAMETERS: readonly string[] = ['scope', 'resource'];

/** The client credentials grant (RFC 6749 4.4). An application has no roles, so no API scope is left for it. */
export async function clientCredentialsGrant(
  provider: Provider,
  context: KoaContextWithOIDC,
  resourceServerFor: (resource: string) => ResourceServer,
): Promise<void> {
  const client = context.oidc.client as NonNullable<typeof context.oidc.client>;
  const scope = `${APPLICATION_SCOPE} ${DEFAULT_SCOPE}`;
  const resource = (context.oidc.params?.['resource'] as string | undefined) ?? defaultResourceOf(client);
  const token = new provider.ClientCredentials({ client, scope } as never);
  if (resource !== undefined) {
    token.resourceServer = new provider.ResourceServer(resource, resourceServerFor(resource));
  }
  context.oidc.entity('ClientCredentials', token);
  const accessToken = await token.save();
  context.body = { access_token: accessToken, scope, token_type: 'Bearer', expires_in: token.expiration };
}
