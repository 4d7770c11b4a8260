import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Request, Response } from 'express';
import { z } from 'zod';

function createMcpServer(): McpServer {
  const server = new McpServer({ name: 'orders', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Tells who is calling' }, async ({ authInfo }) => ({
    content: [{ type: 'text', text: `${authInfo?.clientId}: ${authInfo?.scopes.join(' ')}` }],
  }));
  server.registerTool(
    'cancel-order',
    { description: 'Cancels an order', inputSchema: { id: z.string() } },
    async ({ id }, { authInfo }) => {
      const isAllowed = authInfo?.scopes.includes('orders:write') === true;
      const text = isAllowed ? `${id} is cancelled` : 'The scope orders:write is missing';
      return { isError: !isAllowed, content: [{ type: 'text', text }] };
    },
  );
  return server;
}

/** Without sessions: each request has a server of its own. */
export async function handle(request: Request, response: Response): Promise<void> {
  const server = createMcpServer();
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on('close', () => void Promise.all([transport.close(), server.close()]));
  await server.connect(transport as Parameters<typeof server.connect>[0]);
  await transport.handleRequest(request, response, request.body);
}
