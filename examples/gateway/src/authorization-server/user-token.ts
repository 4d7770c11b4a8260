import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import { defaultResourceOf } from './access-token-format.js';
import { bindToCertificate } from './certificate-binding.js';
import { nowInSeconds } from './provider-configuration.js';

/** The user who gets a token, and its scopes. */
export interface TokenSubject {
  readonly accountId: string;
  readonly scopes: readonly string[];
  readonly resourceServerFor: (resource: string) => ResourceServer;
}

/** Issues an access token for an authenticated user, and a refresh token if the client may have one. */
export async function issueUserTokens(provider: Provider, context: KoaContextWithOIDC, subject: TokenSubject) {
  const client = context.oidc.client as NonNullable<typeof context.oidc.client>;
  const { accountId } = subject;
  const scope = subject.scopes.join(' ');
  const resource = (context.oidc.params?.['resource'] as string | undefined) ?? defaultResourceOf(client);
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope(scope);
  if (resource !== undefined) grant.addResourceScope(resource, scope);
  const grantId = await grant.save();
  const token = new provider.AccessToken({ accountId, client, grantId, gty: 'password', scope } as never);
  if (resource !== undefined) {
    token.resourceServer = new provider.ResourceServer(resource, subject.resourceServerFor(resource));
  }
  bindToCertificate(token, context);
  context.oidc.entity('AccessToken', token);
  const accessToken = await token.save();
  const refreshToken = client.grantTypeAllowed('refresh_token')
    ? await refreshTokenOf(provider, { accountId, client, grantId, scope, resource })
    : undefined;
  const idToken = subject.scopes.includes('openid') ? await issueIdToken(provider, context, accountId) : undefined;
  context.body = {
    access_token: accessToken,
    refresh_token: refreshToken,
    scope,
    token_type: 'Bearer',
    expires_in: token.expiration,
    id_token: idToken,
  };
}

function refreshTokenOf(provider: Provider, granted: object): Promise<string> {
  const token = new provider.RefreshToken({ ...granted, gty: 'password', authTime: nowInSeconds() } as never);
  return token.save();
}

/** Tells the client who logged in (OpenID Connect Core 2). Only issued when `openid` was requested. */
async function issueIdToken(provider: Provider, context: KoaContextWithOIDC, accountId: string): Promise<string> {
  const idToken = new provider.IdToken({ sub: accountId }, { ctx: context } as never);
  // The scope decides which claims go in. The published types lack it.
  Object.assign(idToken, { scope: 'openid' });
  return idToken.issue({ use: 'idtoken' });
}
