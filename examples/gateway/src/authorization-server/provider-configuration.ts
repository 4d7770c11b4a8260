import { randomBytes } from 'node:crypto';
import type { AdapterFactory, Configuration, KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import { ALL_SCOPES } from '../scopes.js';
import { findUser, qualifiedName, tenantOf } from '../users.js';
import { defaultResourceOf, resourceServerOf } from './access-token-format.js';
import { clientCertificate } from './certificate-binding.js';
import { errorPage } from './login-forms.js';
import { OAuthError } from './oauth-error.js';
import { INTERACTION_SECONDS } from './pending-interactions.js';
import type { SigningKeys } from './signing-keys.js';

/** The path at which the server is mounted. Its issuer is this path on the host of the API. */
export const MOUNT_PATH = '/oauth2';

/** The options of the tokens. */
export interface TokenOptions {
  /** The audience of JWT access tokens. */
  readonly audience: string;
  /** Life of an access token in seconds. */
  readonly accessTokenTtlSeconds: number;
}

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** @throws {OAuthError} invalid_target (RFC 8707 2) */
export function knownResource(resource: string, { audience, accessTokenTtlSeconds }: TokenOptions): ResourceServer {
  const known = resourceServerOf(resource, audience, accessTokenTtlSeconds);
  if (known === undefined) throw new OAuthError('invalid_target', 'the resource is unknown');
  return known;
}

/** oidc-provider's configuration: the documented grants and scopes, and storage in memory. */
export function configurationOf(
  options: TokenOptions,
  { adapter, keys, resourceServer }: { adapter: AdapterFactory; keys: SigningKeys; resourceServer: ClientCredentials },
): Configuration {
  return {
    adapter,
    jwks: { keys: keys.privateKeys } as never,
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clients: [
      {
        client_id: resourceServer.clientId,
        client_secret: resourceServer.clientSecret,
        grant_types: [],
        response_types: [],
        redirect_uris: [],
      },
    ],
    extraClientMetadata: { properties: ['tokenType', 'owner'] },
    scopes: [...ALL_SCOPES, 'offline_access'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
    ttl: {
      AccessToken: options.accessTokenTtlSeconds,
      ClientCredentials: options.accessTokenTtlSeconds,
      AuthorizationCode: 300,
      RefreshToken: 86_400,
      Grant: 86_400,
      IdToken: 3_600,
      Interaction: INTERACTION_SECONDS,
      Session: 86_400,
    },
    routes: {
      authorization: '/authorize',
      introspection: '/introspect',
      revocation: '/revoke',
      token: '/token',
      jwks: '/jwks',
      userinfo: '/userinfo',
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      // A client that sends a proof with its code or refresh token gets a token that is bound to its key (RFC 9449 5).
      dPoP: { enabled: true },
      // A client that was registered for it gets tokens that are bound to its certificate (RFC 8705 3).
      mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: clientCertificate },
      introspection: {
        enabled: true,
        // A refresh token is no access token. To the gateway it does not exist (RFC 7662 4).
        allowedPolicy: async (_context, client, token) =>
          client.clientId === resourceServer.clientId
            ? token.kind !== 'RefreshToken'
            : client.clientId === token.clientId,
      },
      revocation: {
        enabled: true,
        allowedPolicy: async (_context, client, token) => {
          if (client.clientId === token.clientId) return true;
          throw new OAuthError('unauthorized_client', 'the token belongs to another client');
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (_context, client) => defaultResourceOf(client) as string,
        getResourceServerInfo: async (_context, resource) => knownResource(resource, options),
        useGrantedResource: async () => true,
      },
    },
    renderError: async (context, { error, error_description }) => {
      context.type = 'html';
      context.body = errorPage(error, error_description ?? '');
    },
    interactions: { url: async (_context, interaction) => `${MOUNT_PATH}/login/${interaction.uid}` },
    findAccount: async (_context, id) =>
      findUser(id) && { accountId: id, claims: async () => ({ sub: id, preferred_username: id }) },
    extraTokenClaims: async ({ oidc }, token) => {
      const user = 'accountId' in token ? (token.accountId as string | undefined) : undefined;
      if (user !== undefined) {
        const told = { aut: 'APPLICATION_USER', username: qualifiedName(user), tenant_domain: tenantOf(user) };
        return { ...told, auth_time: loginTimeOf(oidc, token) };
      }
      return { aut: 'APPLICATION', tenant_domain: tenantOf(String(token.client?.['owner'])) };
    },
  };
}

/** When the user logged in, in seconds: what a step-up asks for (RFC 9470). A token that is renewed tells the same time. */
function loginTimeOf({ entities }: KoaContextWithOIDC['oidc'], token: object): number | undefined {
  const login = entities.AuthorizationCode ?? entities.RefreshToken;
  if (login !== undefined) return login.authTime;
  return Reflect.get(token, 'gty') === 'password' ? nowInSeconds() : undefined;
}

export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
