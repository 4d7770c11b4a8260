import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer as McpServer1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { type McpAuthInfo, mcpSecurity } from '@sallyport/adapters/mcp';
import { LeaseSetting } from '../../core/leases/lease-fixture.js';
import { modernCall, oldCall, ToolClient } from './tool-client.js';

const IDENTIFIER = 'https://tools.example.com/mcp';

/** What a tool has seen. */
interface Seen {
  authInfo?: McpAuthInfo | undefined;
  authorization?: unknown;
}

function listenerOf1(seen: Seen): RequestListener {
  return async (request, response) => {
    const server = new McpServer1({ name: 'tools', version: '1.0.0' });
    server.registerTool('echo', { description: 'echo' }, async ({ authInfo, requestInfo }) => {
      Object.assign(seen, { authInfo, authorization: requestInfo?.headers['authorization'] });
      return { content: [] };
    });
    const transport = new StreamableHTTPServerTransport();
    await server.connect(transport as Parameters<McpServer1['connect']>[0]);
    await transport.handleRequest(request, response);
  };
}

function listenerOf2(seen: Seen): RequestListener {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'tools', version: '1.0.0' });
    server.registerTool('echo', { description: 'echo' }, async ({ http }) => {
      Object.assign(seen, { authInfo: http?.authInfo, authorization: http?.req?.headers.get('authorization') });
      return { content: [] };
    });
    return server;
  });
  return toNodeHandler(handler) as RequestListener;
}

describe.each([
  ['SDK 1', listenerOf1, oldCall],
  ['SDK 2', listenerOf2, modernCall],
])('the token of a caller, %s', (_name, listenerOf, callOf) => {
  test('stands in no AuthInfo, and only in the header fields of the request', async () => {
    const setting = new LeaseSetting({ resource: { identifier: IDENTIFIER } });
    setting.tokens.users.set('token-of-alice', { subject: 'alice', audience: [IDENTIFIER] });
    const seen: Seen = {};
    const server = createServer(mcpSecurity(setting.chain).http(listenerOf(seen)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { lines, body } = callOf('echo');
    const { port } = server.address() as { port: number };
    expect((await new ToolClient(port, 'token-of-alice').post(lines, body)).status).toBe(200);
    expect(seen.authInfo).toMatchObject({ token: '', clientId: 'alice' });
    expect(JSON.stringify(seen.authInfo)).not.toContain('token-of-alice');
    expect(seen.authorization).toBe('Bearer token-of-alice');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    setting.close();
  });
});
