import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import type { ClientMetadata, Configuration, KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import { ALL_SCOPES } from '../scopes.js';
import { findUser } from '../users.js';
import { defaultResourceOf, resourceServerOf } from './access-token-format.js';
import { CLIENT_CREDENTIALS_PARAMETERS, clientCredentialsGrant } from './client-credentials-grant.js';
import { correctAnswer } from './corrected-answers.js';
import { loadProvider } from './load-provider.js';
import { loginPage } from './login-page.js';
import { OAuthError } from './oauth-error.js';
import { PASSWORD_GRANT_PARAMETERS, passwordGrant } from './password-grant.js';
import { signingKeys } from './signing-keys.js';
import { type AccessTokenListener, Storage } from './storage.js';

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
  /** Told of every opaque access token that ends before its time: revoked, or renewed. */
  readonly onAccessTokenEnded: AccessTokenListener;
}

/** The embedded authorization server: oidc-provider with the documented grants, users and scopes. */
export class AuthorizationServer {
  readonly issuer: string;
  readonly introspectionEndpoint: string;
  /** The client as which the gateway introspects tokens. */
  readonly resourceServer: { readonly clientId: string; readonly clientSecret: string };
  readonly #host: string;
  readonly #provider: Provider;
  readonly #callback: (request: IncomingMessage, response: ServerResponse) => void;

  static async create(options: AuthorizationServerOptions): Promise<AuthorizationServer> {
    const ProviderClass = await loadProvider();
    const resourceServer = { clientId: 'gateway', clientSecret: randomBytes(32).toString('base64url') };
    const storage = new Storage(options.onAccessTokenEnded);
    const configuration = await configurationOf(options, storage, resourceServer);
    return new AuthorizationServer(
      new ProviderClass(options.origin + MOUNT_PATH, configuration),
      options,
      resourceServer,
    );
  }

  private constructor(
    provider: Provider,
    options: AuthorizationServerOptions,
    resourceServer: { clientId: string; clientSecret: string },
  ) {
    this.issuer = provider.issuer;
    this.introspectionEndpoint = `${provider.issuer}/introspect`;
    this.resourceServer = resourceServer;
    this.#host = new URL(provider.issuer).host;
    this.#provider = provider;
    registerGrants(provider, options);
    provider.use(correctAnswer);
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

async function configurationOf(
  options: AuthorizationServerOptions,
  storage: Storage,
  resourceServer: { clientId: string; clientSecret: string },
): Promise<Configuration> {
  return {
    adapter: storage.adapterFor,
    jwks: { keys: await signingKeys() } as never,
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
    extraClientMetadata: { properties: ['tokenType'] },
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
      const accountId = 'accountId' in token ? (token.accountId as string | undefined) : undefined;
      return accountId === undefined
        ? { aut: 'APPLICATION' }
        : { aut: 'APPLICATION_USER', username: `${accountId}@carbon.super` };
    },
  };
}
