import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Revocations } from '@sallyport/core';
import type { CounterStore } from '@sallyport/core/extend';
import type Provider from 'oidc-provider';
import type { ClientMetadata } from 'oidc-provider';
import type { OperatorLog } from '../operator-log.js';
import type { PasswordCheck } from '../password-check.js';
import { CLIENT_CREDENTIALS_PARAMETERS, clientCredentialsGrant } from './client-credentials-grant.js';
import { ClientSecrets } from './client-secrets.js';
import { CorrectedAnswers } from './corrected-answers.js';
import { JwtAccessTokens } from './jwt-access-tokens.js';
import { loadProvider } from './load-provider.js';
import { LoginPage } from './login-page.js';
import { PASSWORD_GRANT_PARAMETERS, passwordGrant } from './password-grant.js';
import { PendingInteractions } from './pending-interactions.js';
import {
  type ClientCredentials,
  configurationOf,
  knownResource,
  MOUNT_PATH,
  type TokenOptions,
} from './provider-configuration.js';
import { signingKeys } from './signing-keys.js';
import { type EndedToken, Storage } from './storage.js';
import { tellOperator } from './told-answers.js';

export { MOUNT_PATH };

const METADATA_PATH = `/.well-known/oauth-authorization-server${MOUNT_PATH}`;
const INTROSPECTION_PATH = `${MOUNT_PATH}/introspect`;

export interface AuthorizationServerOptions extends TokenOptions {
  /** `https://localhost:9443`: the origin on which clients reach the server. */
  readonly origin: string;
}

/** What the server works with. */
export interface AuthorizationServerCollaborators {
  /** Gets every access token that ends before its time: revoked or renewed. */
  readonly revocations: Revocations;
  /** Checks the passwords of people. */
  readonly logins: PasswordCheck;
  /** Counts the failures of clients with wrong secrets. */
  readonly counterStore: CounterStore;
  readonly log: OperatorLog;
}

interface Parts extends AuthorizationServerCollaborators {
  readonly provider: Provider;
  readonly resourceServer: ClientCredentials;
  readonly jwts: JwtAccessTokens;
  readonly secrets: ClientSecrets;
  readonly interactions: PendingInteractions;
}

/** The embedded authorization server: oidc-provider with the documented grants, users and scopes. */
export class AuthorizationServer {
  readonly issuer: string;
  readonly introspectionEndpoint: string;
  /** The client that the gateway uses for introspection. */
  readonly resourceServer: ClientCredentials;
  /** While true, introspection answers 503. The walkthrough uses this for its outage. */
  isOut = false;
  readonly #host: string;
  readonly #provider: Provider;
  readonly #parts: Parts;
  readonly #loginPage: LoginPage;
  readonly #callback: (request: IncomingMessage, response: ServerResponse) => void;

  static async create(
    options: AuthorizationServerOptions,
    collaborators: AuthorizationServerCollaborators,
  ): Promise<AuthorizationServer> {
    const ProviderClass = await loadProvider();
    const { origin, audience } = options;
    const { revocations } = collaborators;
    const issuer = origin + MOUNT_PATH;
    const resourceServer = { clientId: 'gateway', clientSecret: randomBytes(32).toString('base64url') };
    const storage = new Storage((ended) => revoke(ended, issuer, revocations));
    const currentContext = () => ProviderClass.ctx;
    const interactions = new PendingInteractions(storage.adapterFor('Interaction'), currentContext);
    const adapter = (model: string) => (model === 'Interaction' ? interactions.adapter : storage.adapterFor(model));
    const keys = await signingKeys();
    const provider = new ProviderClass(issuer, configurationOf(options, { adapter, keys, resourceServer }));
    const jwts = new JwtAccessTokens({ issuer, audience, publicKeys: keys.publicKeys }, storage);
    const secrets = new ClientSecrets(issuer, collaborators.counterStore, currentContext);
    secrets.attach(provider, resourceServer.clientId);
    keepJwts(provider, storage);
    return new AuthorizationServer(options, {
      ...collaborators,
      provider,
      resourceServer,
      jwts,
      secrets,
      interactions,
    });
  }

  private constructor(options: AuthorizationServerOptions, parts: Parts) {
    const { provider, resourceServer, jwts, logins, log } = parts;
    this.issuer = provider.issuer;
    this.introspectionEndpoint = options.origin + INTROSPECTION_PATH;
    this.resourceServer = resourceServer;
    this.#host = new URL(provider.issuer).host;
    this.#provider = provider;
    this.#parts = parts;
    this.#loginPage = new LoginPage(parts);
    registerGrants(provider, options, logins);
    provider.use(new CorrectedAnswers(jwts, resourceServer.clientId).middleware);
    tellOperator(provider, log);
    this.#callback = provider.callback();
  }

  /** Adds a client, as dynamic client registration does; oidc-provider checks the metadata. */
  async addClient(metadata: ClientMetadata & { readonly client_secret: string }): Promise<void> {
    const Client = this.#provider.Client as unknown as StoredClients;
    const client = new Client(metadata).metadata();
    await this.#parts.secrets.add(metadata.client_id, metadata.client_secret);
    await Client.adapter.upsert(metadata.client_id, client);
  }

  async close(): Promise<void> {
    await this.#parts.secrets.close();
  }

  /** Serves requests below the mount path and for the metadata of RFC 8414. False for any other request. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const url = request.url ?? '/';
    if (url === METADATA_PATH) return this.#forward('/.well-known/openid-configuration', request, response);
    if (!url.startsWith(`${MOUNT_PATH}/`)) return false;
    if (url === INTROSPECTION_PATH && this.isOut) response.writeHead(503, { 'Cache-Control': 'no-store' }).end();
    else if (url.startsWith(`${MOUNT_PATH}/login/`)) void this.#loginPage.answer(request, response);
    else this.#forward(url.slice(MOUNT_PATH.length), request, response);
    return true;
  }

  /**
   * Hands a request on to an endpoint of the server, as if it had come in under the mount path. The host is set to the
   * server's own, because oidc-provider builds the addresses that it publishes and redirects to from it.
   */
  #forward(endpoint: string, request: IncomingMessage, response: ServerResponse): true {
    request.headers.host = this.#host;
    Object.assign(request, { originalUrl: MOUNT_PATH + endpoint, url: endpoint });
    this.#callback(request, response);
    return true;
  }
}

/** Revokes a token that has ended here, so that no cached answer about it is used. */
function revoke({ isJwt, id, expiresAt }: EndedToken, issuer: string, revocations: Revocations): void {
  if (isJwt) void revocations.revokeJti(id, { issuer, expiresAt });
  else void revocations.revokeToken(id, { expiresAt });
}

/** Keeps a record of each JWT that is issued. oidc-provider does not store them, and only emits one event for each. */
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

/** Members of the client model of oidc-provider that its published types lack. */
interface StoredClients {
  new (metadata: ClientMetadata): { metadata(): object };
  readonly adapter: { upsert(id: string, metadata: object): Promise<void> };
}

function registerGrants(provider: Provider, options: TokenOptions, logins: PasswordCheck): void {
  const resourceServerFor = (resource: string) => knownResource(resource, options);
  provider.registerGrantType('password', (context) => passwordGrant(provider, context, { resourceServerFor, logins }), [
    ...PASSWORD_GRANT_PARAMETERS,
  ]);
  provider.registerGrantType(
    'client_credentials',
    (context) => clientCredentialsGrant(provider, context, resourceServerFor),
    [...CLIENT_CREDENTIALS_PARAMETERS],
  );
}
