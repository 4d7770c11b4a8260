import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  allowInsecureRequests,
  processResourceDiscoveryResponse,
  protectedResourceRequest,
  resourceDiscoveryRequest,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi';
import { openAuthorizationServer } from './authorization-server.js';
import { Browser } from './browser.js';
import { openToolServer } from './tool-server.js';

async function toolOf(client: Client, name: string): Promise<string | undefined> {
  const { content } = await client.callTool({ name, arguments: { id: '7' } });
  return (content as readonly { text: string }[])[0]?.text;
}

describe('the client of the SDK, which knows only the address', () => {
  const browser = new Browser();
  let login: Awaited<ReturnType<typeof openAuthorizationServer>>;
  let tools: Awaited<ReturnType<typeof openToolServer>>;
  let client: Client;
  let transport: StreamableHTTPClientTransport;

  /** A transport that was refused does not connect again. */
  async function connect(): Promise<void> {
    client = new Client({ name: 'assistant', version: '1.0.0' });
    transport = new StreamableHTTPClientTransport(tools.address, { authProvider: browser });
    await client.connect(transport as Parameters<typeof client.connect>[0]);
  }

  before(async () => {
    login = await openAuthorizationServer();
    tools = await openToolServer(login.origin);
  });
  after(async () => {
    await client.close();
    for (const { server } of [login, tools]) server.close().closeAllConnections();
  });

  test('goes from a 401 to a token of the authorization server (RFC 9728 5, RFC 7591, RFC 8707)', async () => {
    await rejects(connect(), UnauthorizedError);
    deepEqual(browser.asked, ['orders:read']);
    await transport.finishAuth(browser.code);
    await connect();
    equal(await toolOf(client, 'whoami'), `${browser.clientInformation()?.client_id}: orders:read`);
  });

  test('goes from a 403 to a token with all scopes that the tool needs (RFC 6750 3.1)', async () => {
    await rejects(toolOf(client, 'cancel-order'), UnauthorizedError);
    deepEqual(browser.asked, ['orders:read', 'orders:read orders:write']);
    await transport.finishAuth(browser.code);
    equal(await toolOf(client, 'cancel-order'), '7 is cancelled');
  });

  test('finds metadata that the library below openid-client takes as well (RFC 9728 3.3)', async () => {
    const insecure = { [allowInsecureRequests]: true };
    const response = await resourceDiscoveryRequest(tools.address, insecure);
    const metadata = await processResourceDiscoveryResponse(tools.address, response);
    deepEqual(metadata.authorization_servers, [login.origin]);
    const refusal = await protectedResourceRequest('a.b.c', 'POST', tools.address, undefined, null, insecure).catch(
      (error) => error,
    );
    ok(refusal instanceof WWWAuthenticateChallengeError);
    const told = refusal.cause[0]?.parameters;
    const values = [told?.error, told?.scope, told?.resource_metadata];
    deepEqual(values, ['invalid_token', 'orders:read', response.url]);
  });
});
