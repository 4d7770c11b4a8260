import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  applyMiddlewares,
  auth,
  type OAuthClientInformationMixed,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  withOAuth,
} from '@modelcontextprotocol/client';
import * as resource from 'oauth4webapi';
import * as client from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import { Browser } from '../support/browser.js';
import { type Client, GatewayProcess } from '../support/gateway-process.js';

const CALLBACK = 'https://client.example/callback';
const QUERY = 'apiName=PizzaShackAPI&version=1.0.0';
const PATH = '/api/am/gateway/v1';
const METADATA = [
  `GET /.well-known/oauth-protected-resource${PATH} 200`,
  'GET /.well-known/oauth-authorization-server/oauth2 200',
];

let gateway: GatewayProcess;
let registered: Client;
let seen: string[] = [];
const agent = new Agent({ connect: { rejectUnauthorized: false } });

/** Notes what is asked, and the status of each answer. */
async function fetchSeen(input: string | URL, init: object = {}): Promise<Response> {
  const response = await undiciFetch(input, { ...init, dispatcher: agent });
  const { method = 'GET' } = init as RequestInit;
  seen.push(`${method} ${new URL(input).pathname} ${response.status}`);
  return response as unknown as Response;
}

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  const payload = { callbackUrl: CALLBACK, clientName: 'assistant', owner: 'admin', saasApp: true };
  const grantType = 'authorization_code refresh_token';
  registered = (await gateway.register({ ...payload, grantType })).json as Client;
});
afterAll(async () => {
  await agent.destroy();
  await gateway.stop();
});

/** Logs admin in, who agrees to everything; where the browser is sent to in the end. */
async function agree(browser: Browser, address: URL): Promise<URL> {
  const { url, answer } = await browser.open(address.href);
  const isLogin = answer.text.includes('<h1>Log in</h1>');
  const form: Record<string, string> = isLogin ? { username: 'admin', password: 'admin' } : { decision: 'allow' };
  return new URL(String((await browser.open(url, form)).answer.headers['location']));
}

/** What an application keeps for a client of MCP: how it was registered, and neither a server nor a scope. */
class Application implements OAuthClientProvider {
  readonly redirectUrl = CALLBACK;
  readonly clientMetadata = { redirect_uris: [CALLBACK], client_name: 'assistant' };
  /** The scopes that the client has asked for, request by request. */
  readonly asked: (string | null)[] = [];
  /** What the authorization server answered last. */
  answer = new URLSearchParams();
  readonly #browser = new Browser(gateway);
  #tokens: OAuthTokens | undefined;
  #verifier = '';
  #discovered: OAuthDiscoveryState | undefined;

  clientInformation(): OAuthClientInformationMixed {
    return { client_id: registered.clientId, client_secret: registered.clientSecret };
  }

  tokens(): OAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovered = state;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovered;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    this.asked.push(url.searchParams.get('scope'));
    this.answer = (await agree(this.#browser, url)).searchParams;
  }
}

describe('the client of MCP, which knows only the address', () => {
  let application: Application;
  let serverUrl: string;
  beforeAll(() => {
    application = new Application();
    serverUrl = gateway.origin + PATH;
  });

  test('goes from a bare 401 to a token and a 200 (RFC 9728 5, RFC 8414 3, RFC 8707 2)', async () => {
    seen = [];
    const asking = applyMiddlewares(withOAuth(application, serverUrl))(fetchSeen as typeof fetch);
    await expect(asking(`${serverUrl}/end-points?${QUERY}`)).rejects.toThrow(UnauthorizedError);
    expect(seen).toEqual([`GET ${PATH}/end-points 401`, ...METADATA]);
    expect(application.asked).toEqual(['apim:tier_view']);
    const [authorizationCode = '', iss = ''] = ['code', 'iss'].map((name) => application.answer.get(name) ?? '');
    await auth(application, { serverUrl, authorizationCode, iss, fetchFn: fetchSeen as typeof fetch });
    expect((await asking(`${serverUrl}/end-points?${QUERY}`)).status).toBe(200);
    expect(seen.slice(-2)).toEqual(['POST /oauth2/token 200', `GET ${PATH}/end-points 200`]);
  });

  test('and from a 403 to a token with all scopes that the operation needs, by itself (RFC 6750 3.1)', async () => {
    seen = [];
    const url = new URL(`${serverUrl}/redeploy-api?${QUERY}`);
    const options = { authProvider: application, fetch: fetchSeen as typeof fetch };
    const transport = new StreamableHTTPClientTransport(url, options);
    const send = () => transport.send({ jsonrpc: '2.0', id: 1, method: 'ping' });
    await expect(send()).rejects.toThrow(UnauthorizedError);
    expect(seen[0]).toBe(`POST ${PATH}/redeploy-api 403`);
    expect(application.asked).toEqual(['apim:tier_view', 'apim:tier_view apim:api_publish']);
    await transport.finishAuth(application.answer);
    // The API deploys, and its answer is no message of MCP.
    await expect(send()).rejects.toThrow('deployStatus');
    expect(seen.slice(-2)).toEqual(['POST /oauth2/token 200', `POST ${PATH}/redeploy-api 200`]);
    await transport.close();
  });
});

describe('openid-client, which knows only the address', () => {
  let server: client.Configuration;
  let browser: Browser;
  let token = '';

  /** A token with this scope, for what the metadata call the resource. */
  async function tokenFor(scope: string, options: client.DPoPOptions = {}): Promise<string> {
    const verifier = client.randomPKCECodeVerifier();
    const asked = client.buildAuthorizationUrl(server, {
      redirect_uri: CALLBACK,
      scope,
      resource: gateway.origin + PATH,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const answer = await agree(browser, asked);
    const checks = { pkceCodeVerifier: verifier };
    const issued = await client.authorizationCodeGrant(server, answer, checks, undefined, options);
    return issued.access_token;
  }

  test('finds the authorization server by the metadata of the API (RFC 9728 3)', async () => {
    const identifier = new URL(gateway.origin + PATH);
    const response = await resource.resourceDiscoveryRequest(identifier, { [resource.customFetch]: fetchSeen });
    const metadata = await resource.processResourceDiscoveryResponse(identifier, response);
    expect(metadata.scopes_supported).toEqual(['apim:api_publish', 'apim:tier_view']);
    const [issuer = ''] = metadata.authorization_servers ?? [];
    server = await client.discovery(new URL(issuer), registered.clientId, registered.clientSecret, undefined, {
      algorithm: 'oauth2',
      [client.customFetch]: fetchSeen,
    });
    browser = new Browser(gateway);
    token = await tokenFor('apim:tier_view');
    const answer = await client.fetchProtectedResource(
      server,
      token,
      new URL(`${identifier}/end-points?${QUERY}`),
      'GET',
    );
    expect(answer.status).toBe(200);
  });

  test('learns from a 403 which scopes are needed (RFC 6750 3.1)', async () => {
    const deploy = new URL(`${gateway.origin}${PATH}/redeploy-api?${QUERY}`);
    const refusal = await client.fetchProtectedResource(server, token, deploy, 'POST').catch((error) => error);
    expect(refusal).toBeInstanceOf(client.WWWAuthenticateChallengeError);
    const { error, scope = '', resource_metadata: metadata } = refusal.cause[0].parameters;
    expect([error, metadata]).toEqual([
      'insufficient_scope',
      `${gateway.origin}/.well-known/oauth-protected-resource${PATH}`,
    ]);
    const more = await tokenFor(scope);
    expect((await client.fetchProtectedResource(server, more, deploy, 'POST')).status).toBe(200);
  });

  test('gets a token that is bound to its key, and uses it with proofs; a thief cannot (RFC 9449 7)', async () => {
    const DPoP = client.getDPoPHandle(server, await client.randomDPoPKeyPair('ES256'));
    const bound = await tokenFor('apim:tier_view', { DPoP });
    const address = new URL(`${gateway.origin}${PATH}/end-points?${QUERY}`);
    const get = async (options?: client.DPoPOptions) =>
      client.fetchProtectedResource(server, bound, address, 'GET', null, undefined, options);
    expect((await get({ DPoP })).status).toBe(200);
    expect((await get({ DPoP })).status).toBe(200);
    const thief = client.getDPoPHandle(server, await client.randomDPoPKeyPair('ES256'));
    await expect(get()).rejects.toMatchObject({ status: 401 });
    await expect(get({ DPoP: thief })).rejects.toMatchObject({ status: 401 });
  });
});
