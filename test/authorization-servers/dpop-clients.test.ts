import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { httpSecurity } from '@sallyport/adapters/http';
import { requireScopes, route, routes, SecurityChain, type SecurityHandler } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import * as client from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import { type OidcProvider, OidcProviders, SHOP } from './oidc-provider.js';

// Clients that others wrote get tokens of a server that others wrote, which asks for nonces, and use them here. The clients
// know the API by the address of its proxy.

const API = 'https://orders.example.com';
const SCOPE = 'orders:read';

type Nonce = 'optional' | 'required';

let providers: OidcProviders;
let issuer: OidcProvider;
let agent: Agent;

/** The API behind its proxy, and what it has answered so far. */
interface Api {
  readonly server: Server;
  readonly chain: SecurityChain;
  readonly answers: string[];
  readonly fetch: typeof fetch;
}

beforeAll(async () => {
  // The clients sign by the clock of this machine.
  providers = await OidcProviders.start(new ManualClock(Date.now()));
  issuer = await providers.open({ issuer: 'http://localhost:{port}', clients: [], asksForNonces: true });
  agent = new Agent();
});

afterAll(async () => {
  await agent.destroy();
  await providers.close();
});

const outbound = { allowInsecureLoopback: true };

const HANDLERS: Readonly<Record<'jwt' | 'opaque', (nonce: Nonce) => SecurityHandler>> = {
  jwt: (nonce) =>
    new JwtHandler({
      realm: 'orders',
      issuers: [{ issuer: issuer.issuer, audience: API, algorithms: 'ES256', keys: { discovery: true, outbound } }],
      dpop: { externalUrl: API, nonce },
    }),
  opaque: (nonce) =>
    new IntrospectionHandler({
      realm: 'orders',
      issuer: issuer.issuer,
      audience: API,
      clientAuthentication: { method: 'client_secret_basic', ...SHOP },
      outbound,
      dpop: { externalUrl: API, nonce },
    }),
};

async function start(handler: SecurityHandler): Promise<Api> {
  const chain = new SecurityChain({
    operations: routes([route('GET', '/orders', { requirement: handler, guards: [requireScopes(SCOPE)] })]),
    resource: { identifier: API, allowInsecureLoopback: true },
  });
  const answers: string[] = [];
  const secured = httpSecurity(chain)((_request, response, principal) => response.end(JSON.stringify(principal)));
  const server = createServer(secured).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  /** The proxy: what is sent to the API by its name comes to the server; all else goes its way. */
  const fetchHere = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    const isApi = url.origin === API;
    const target = isApi ? `http://127.0.0.1:${port}${url.pathname}${url.search}` : url.href;
    const response = await undiciFetch(target, { ...(init as object), dispatcher: agent });
    if (isApi) answers.push(`${init.method ?? 'GET'} ${url.pathname} ${response.status}`);
    return response as unknown as Response;
  };
  return { server, chain, answers, fetch: fetchHere as typeof fetch };
}

async function stop({ server, chain }: Api): Promise<void> {
  server.closeAllConnections();
  server.close();
  await chain.close();
}

describe.each(['jwt', 'opaque'] as const)('openid-client with tokens of oidc-provider: %s', (tokens) => {
  test.each<[Nonce, readonly string[]]>([
    ['optional', ['GET /orders 200', 'GET /orders 200']],
    ['required', ['GET /orders 401', 'GET /orders 200', 'GET /orders 200']],
  ])('gets in with a proof for each request; a nonce is %s [RFC 9449 7.1, 9]', async (nonce, expected) => {
    const api = await start(HANDLERS[tokens](nonce));
    const config = await client.discovery(
      new URL(issuer.issuer),
      SHOP.clientId,
      undefined,
      client.ClientSecretBasic(SHOP.clientSecret),
      { execute: [client.allowInsecureRequests] },
    );
    config[client.customFetch] = api.fetch as unknown as client.CustomFetch;
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
    const resource = tokens === 'jwt' ? `${API}/jwt` : API;
    const issued = await client.clientCredentialsGrant(config, { scope: SCOPE, resource }, { DPoP });
    expect(issued.token_type.toLowerCase()).toBe('dpop');
    const get = async (options?: client.DPoPOptions) =>
      client.fetchProtectedResource(
        config,
        issued.access_token,
        new URL(`${API}/orders?page=2`),
        'GET',
        null,
        undefined,
        options,
      );
    for (let times = 0; times < 2; times += 1) {
      const principal = (await (await get({ DPoP })).json()) as Record<string, unknown>;
      expect(principal).toMatchObject({ confirmation: { jkt: expect.any(String) }, via: [{ scheme: 'dpop' }] });
    }
    expect(api.answers).toEqual(expected);
    // A thief has the token, but not the key.
    await expect(get()).rejects.toMatchObject({ status: 401 });
    const thief = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
    await expect(get({ DPoP: thief })).rejects.toMatchObject({ status: 401 });
    await stop(api);
  });
});

describe('the client of MCP with tokens of oidc-provider', () => {
  const METADATA = 'GET /.well-known/oauth-protected-resource 200';

  test.each<[Nonce, readonly string[]]>([
    ['optional', ['GET /orders 200']],
    ['required', ['GET /orders 401', 'GET /orders 200']],
  ])('finds its way from a bare 401 by discovery; a nonce is %s [RFC 9728 5, RFC 9449 9]', async (nonce, last) => {
    const api = await start(HANDLERS.opaque(nonce));
    const { port } = api.server.address() as AddressInfo;
    const given = [`${API}/orders`, String(port), issuer.issuer, SHOP.clientId, SHOP.clientSecret];
    const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, 'mcp-client.mjs'), ...given]);
    const { principal, answers, tokenType } = JSON.parse(stdout);
    expect(principal).toMatchObject({ confirmation: { jkt: expect.any(String) }, via: [{ scheme: 'dpop' }] });
    expect(tokenType).toMatch(/^dpop$/i);
    expect(answers).toEqual(['GET /orders 401', METADATA, ...last]);
    await stop(api);
  });
});
