import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { PasswordCheck } from '../password-check.js';
import { DEFAULT_SCOPE, grantableScopes } from '../scopes.js';
import { findUser } from '../users.js';
import { OAuthError } from './oauth-error.js';
import { issueUserTokens, type TokenSubject } from './user-token.js';

export const PASSWORD_GRANT_PARAMETERS: readonly string[] = ['username', 'password', 'scope', 'resource'];

/** What the grant works with. */
export interface PasswordGrantCollaborators {
  readonly logins: PasswordCheck;
  readonly resourceServerFor: TokenSubject['resourceServerFor'];
}

/** The resource owner password credentials grant (RFC 6749 4.3), which the walkthrough uses. */
export async function passwordGrant(
  provider: Provider,
  context: KoaContextWithOIDC,
  { logins, resourceServerFor }: PasswordGrantCollaborators,
): Promise<void> {
  const { username, password, scope } = context.oidc.params as Record<string, string | undefined>;
  if (!username || !password) throw new OAuthError('invalid_request', 'username and password are needed');
  const checked = await logins.check(username, password, { door: '/token', address: context.req.socket.remoteAddress });
  if (!('name' in checked)) {
    if (checked.retryAfter !== undefined) context.set('Retry-After', checked.retryAfter);
    if (checked.status !== 401) throw OAuthError.ofCheck('invalid_grant', checked.status);
    throw new OAuthError('invalid_grant', 'user name or password is wrong');
  }
  const granted = grantableScopes(scope?.split(' ') ?? [], findUser(checked.name)?.roles ?? []);
  await issueUserTokens(provider, context, {
    accountId: checked.name,
    scopes: granted.length === 0 ? [DEFAULT_SCOPE] : granted,
    resourceServerFor,
  });
}
