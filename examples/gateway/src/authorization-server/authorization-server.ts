import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Revocations } from '@sallyport/core';
import type Provider from 'oidc-provider';
import type { ClientMetadata, Configuration, KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import { ALL_SCOPES } from '../scopes.js';
import { findUser, qualifiedName, tenantOf } from '../users.js';
import { defaultResourceOf, resourceServerOf } from './access-token-format.js';
import { CLIENT_CREDENTIALS_PARAMETERS, clientCredentialsGrant } from './client-credentials-grant.js';
import { CorrectedAnswers } from './corrected-answers.js';
import { JwtAccessTokens } from './jwt-access-tokens.js';
import { loadProvider } from './load-provider.js';
import { loginPage } from './login-page.js';
import { OAuthError } from './oauth-error.js';
import { PASSWORD_GRANT_PARAMETERS, passwordGrant } from './password-grant.js';
import { type SigningKeys, signingKeys } from './signing-keys.js';
import { type EndedToken, Storage } from './storage.js';

/** Where the server is mounted; its issuer is this path on the API's host. */
export const MOUNT_PATH = '/oauth2';
const METADATA_PATH = `/.well-known/oauth-authorization-server${MOUNT_PATH}`;

export interface AuthorizationServerOptions {
  /** `https://localhost:9443`: the origin on which clients reach the server. */
  readonly origin: string;
  /** The audience of JWT access tokens. */
  readonly audience: string;
  /** Life of an access token in seconds. */
  readonly accessTokenTtlSeconds: number;
  /** Is told of every access token that ends before its time: revoked, or renewed. */
  readonly revocations: Revocations;
}

/** The embedded authorization server: oidc-provider with the documented grants, users and scopes. */
export class AuthorizationServer {
  readonly issuer: string;
  readonly introspectionEndpoint: string;
  /** The client as which the gateway introspects tokens. */
  readonly resourceServer: ClientCredentials;
  readonly #host: string;
  readonly #provider: Provider;
  readonly #jwts: JwtAccessTokens;
  readonly #callback: (request: IncomingMessage, response: ServerResponse) => void;

  static async create(options: AuthorizationServerOptions): Promise<AuthorizationServer> {
    const ProviderClass = await loadProvider();
    const resourceServer = { clientId: 'gateway', clientSecret: randomBytes(32).toString('base64url') };
    const { origin, audience, revocations } = options;
    const issuer = origin + MOUNT_PATH;
    const storage = new Storage((ended) => revoke(ended, issuer, revocations));
    const keys = await signingKeys();
    const configuration = configurationOf(options, { storage, keys, resourceServer });
    const jwts = new JwtAccessTokens({ issuer, audience, publicKeys: keys.publicKeys }, storage, revocations);
    const provider = new ProviderClass(issuer, configuration);
    keepJwts(provider, storage);
    return new AuthorizationServer(provider, options, { resourceServer, jwts });
  }

  private constructor(
    provider: Provider,
    options: AuthorizationServerOptions,
    { resourceServer, jwts }: { resourceServer: ClientCredentials; jwts: JwtAccessTokens },
  ) {
    this.issuer = provider.issuer;
    this.introspectionEndpoint = `${provider.issuer}/introspect`;
    this.resourceServer = resourceServer;
    this.#host = new URL(provider.issuer).host;
    this.#provider = provider;
    this.#jwts = jwts;
    registerGrants(provider, options);
    provider.use(new CorrectedAnswers(jwts, resourceServer.clientId).middleware);
    // Anybody can go away in the middle of a request, as often as they like: that is not for the log.
    const events: EventEmitter = provider;
    events.on('error', (error: Error, context: KoaContextWithOIDC) => {
      if (context.req.complete) provider.onerror(error);
    });
    this.#callback = provider.callback();
  }

  /** Adds a client, as dynamic client registration does; oidc-provider checks the metadata. */
  async addClient(metadata: ClientMetadata): Promise<void> {
    const Client = this.#provider.Client as unknown as StoredClients;
    await Client.adapter.upsert(metadata.client_id, new Client(metadata).metadata());
  }

  close(): Promise<void> {
    return this.#jwts.close();
  }

  /** Serves a request below the mount path, or for the metadata of RFC 8414; false for any other. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const url = request.url ?? '/';
    if (url === METADATA_PATH) return this.#forward('/.well-known/openid-configuration', request, response);
    if (!url.startsWith(`${MOUNT_PATH}/`)) return false;
    if (!url.startsWith(`${MOUNT_PATH}/login/`)) return this.#forward(url.slice(MOUNT_PATH.length), request, response);
    loginPage(this.#provider, request, response).catch(() => {
      response.writeHead(400, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' });
      response.end('This login has expired. Start again from the application.\n');
    });
    return true;
  }

  /**
   * Hands a request on to an endpoint of the server, as if it had come in under the mount path. The host is the
   * server's own, because oidc-provider makes the addresses that it publishes and redirects to from it.
   */
  #forward(endpoint: string, request: IncomingMessage, response: ServerResponse): true {
    request.headers.host = this.#host;
    Object.assign(request, { originalUrl: MOUNT_PATH + endpoint, url: endpoint });
    this.#callback(request, response);
    return true;
  }
}

interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A token that has ended here is refused by whoever listens to the revocations, whatever a cache remembers. */
function revoke({ isJwt, id, expiresAt }: EndedToken, issuer: string, revocations: Revocations): void {
  if (isJwt) void revocations.revokeJti(id, { issuer, expiresAt });
  else void revocations.revokeToken(id, { expiresAt });
}

/** What oidc-provider signs it does not store; it tells of it once. */
function keepJwts(provider: Provider, storage: Storage): void {
  const events: EventEmitter = provider;
  for (const event of ['access_token.issued', 'client_credentials.issued']) {
    events.on(event, ({ jti, clientId, grantId, expiration }: IssuedToken) => {
      storage.addJwt(jti, { clientId, grantId }, expiration);
    });
  }
}

interface IssuedToken {
  readonly jti: string;
  readonly clientId: string;
  readonly grantId: string | undefined;
  readonly expiration: number;
}

/** What oidc-provider's client model offers beyond its published types. */
interface StoredClients {
  new (metadata: ClientMetadata): { metadata(): object };
  readonly adapter: { upsert(id: string, metadata: object): Promise<void> };
}

function registerGrants(provider: Provider, options: AuthorizationServerOptions): void {
  const resourceServerFor = (resource: string) => knownResource(resource, options);
  provider.registerGrantType('password', (context) => passwordGrant(provider, context, resourceServerFor), [
    ...PASSWORD_GRANT_PARAMETERS,
  ]);
  provider.registerGrantType(
    'client_credentials',
    (context) => clientCredentialsGrant(provider, context, resourceServerFor),
    [...CLIENT_CREDENTIALS_PARAMETERS],
  );
}

function knownResource(
  resource: string,
  { audience, accessTokenTtlSeconds }: AuthorizationServerOptions,
): ResourceServer {
  const known = resourceServerOf(resource, audience, accessTokenTtlSeconds);
  if (known === undefined) throw new OAuthError('invalid_target', 'the resource is unknown');
  return known;
}

function configurationOf(
  options: AuthorizationServerOptions,
  { storage, keys, resourceServer }: { storage: Storage; keys: SigningKeys; resourceServer: ClientCredentials },
): Configuration {
  return {
    adapter: storage.adapterFor,
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
      Interaction: 600,
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
      introspection: {
        enabled: true,
        // A refresh token is no access token: to the gateway it does not exist (RFC 7662 4).
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
    interactions: { url: async (_context, interaction) => `${MOUNT_PATH}/login/${interaction.uid}` },
    findAccount: async (_context, id) =>
      findUser(id) && { accountId: id, claims: async () => ({ sub: id, preferred_username: id }) },
    extraTokenClaims: async (_context, token) => {
      const user = 'accountId' in token ? (token.accountId as string | undefined) : undefined;
      if (user !== undefined) {
        return { aut: 'APPLICATION_USER', username: qualifiedName(user), tenant_domain: tenantOf(user) };
      }
      return { aut: 'APPLICATION', tenant_domain: tenantOf(String(token.client?.['owner'])) };
    },
  };
}
