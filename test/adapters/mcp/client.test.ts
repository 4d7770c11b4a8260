import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Client, SdkHttpError, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { mcpSecurity } from '@sallyport/adapters/mcp';
import { guard, requireScopes, unavailable } from '@sallyport/core';
import { LeaseSetting } from '../../core/leases/lease-fixture.js';

const IDENTIFIER = 'https://tools.example.com/mcp';

describe.each(['auto', 'legacy'] as const)('the client 2.4 of the SDK, version %s', (mode) => {
  let setting: LeaseSetting;
  let server: Server;
  let client: Client;
  let isDown = false;

  beforeEach(async () => {
    isDown = false;
    const policy = guard('policy', () => (isDown ? unavailable('policy_unreachable') : true));
    setting = new LeaseSetting({ resource: { identifier: IDENTIFIER }, guards: [policy] });
    setting.tokens.users.set('alice', { audience: [IDENTIFIER] });
    const handler = createMcpHandler(() => {
      const tools = new McpServer({ name: 'tools', version: '1.0.0' });
      for (const name of ['echo', 'purge'])
        tools.registerTool(name, {}, async () => ({ content: [{ type: 'text', text: name }] }));
      return tools;
    });
    const secure = mcpSecurity(setting.chain, { tools: { purge: requireScopes('notes:write') } });
    server = createServer(secure.http(toNodeHandler(handler))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    const transport = new StreamableHTTPClientTransport(address, { authProvider: { token: async () => 'alice' } });
    client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
    await client.connect(transport);
  });
  afterEach(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    setting.close();
  });

  const refusalOf = (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (error: unknown) => error,
    );

  test('calls tools, and reads a 503 as what it is', async () => {
    expect(await client.callTool({ name: 'echo' })).toMatchObject({ content: [{ text: 'echo' }] });
    isDown = true;
    const refusal = await refusalOf(client.callTool({ name: 'echo' }));
    expect(refusal).toBeInstanceOf(SdkHttpError);
    expect((refusal as SdkHttpError).status).toBe(503);
    isDown = false;
    expect(await client.callTool({ name: 'echo' })).toMatchObject({ content: [{ text: 'echo' }] });
  });

  test('is cut off when its user is revoked', async () => {
    await client.callTool({ name: 'echo' });
    await setting.revocations.revokeToken('alice');
    expect(await refusalOf(client.callTool({ name: 'echo' }))).toBeInstanceOf(UnauthorizedError);
  });

  test('is told which scopes a tool needs', async () => {
    const refusal = await refusalOf(client.callTool({ name: 'purge' }));
    expect(String(refusal)).toMatch(/scope|403/i);
  });
});
