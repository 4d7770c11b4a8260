import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { DEFAULT_SCOPE, grantableScopes } from '../scopes.js';
import { authenticateUser } from '../users.js';
import { OAuthError } from './oauth-error.js';
import { issueUserTokens, type TokenSubject } from './user-token.js';

export const PASSWORD_GRANT_PARAMETERS: readonly string[] = ['username', 'password', 'scope', 'resource'];

/** The resource owner password credentials grant (RFC 6749 4.3), which the walkthrough uses. */
export async function passwordGrant(
  provider: Provider,
  context: KoaContextWithOIDC,
  resourceServerFor: TokenSubject['resourceServerFor'],
): Promise<void> {
  const { username, password, scope } = context.oidc.params as Record<string, string | undefined>;
  if (!username || !password) throw new OAuthError('invalid_request', 'username and password are needed');
  const user = authenticateUser(username, password);
  if (user === undefined) throw new OAuthError('invalid_grant', 'user name or password is wrong');
  const granted = grantableScopes(scope?.split(' ') ?? [], user.roles);
  await issueUserTokens(provider, context, {
    accountId: user.name,
    scopes: granted.length === 0 ? [DEFAULT_SCOPE] : granted,
    resourceServerFor,
  });
}
