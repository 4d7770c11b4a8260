import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { createMcpExpressApp } from '@modelcontextprotocol/express';
import { createMcpHonoApp } from '@modelcontextprotocol/hono';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer as McpServer1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import type { McpAuthInfo, McpSecurity, McpSecurityOptions } from '@sallyport/adapters/mcp';
import { mcpSecurity } from '@sallyport/adapters/mcp';
import type { Decider } from '@sallyport/core';
import express from 'express';

const express4: typeof express = require('express4');

/** A server of MCP behind the adapter. */
export interface ToolServer {
  readonly port: number;
  /** The tools that ran, in their order, and for whom. */
  readonly ran: string[];
  close(): Promise<void>;
}

export interface ToolServerRow {
  readonly name: string;
  /** Whether it serves protocol version 2026-07-28, which has no sessions. */
  readonly isModern: boolean;
  /** Whether it opens sessions. */
  readonly hasSessions: boolean;
  /** Whether a body parser stands in front of the adapter. */
  readonly parsesFirst?: true;
  open(chain: Decider, options?: McpSecurityOptions): Promise<ToolServer>;
}

type Asked = { readonly authInfo?: { readonly extra?: Record<string, unknown> } | undefined };
type Answer = { content: { type: 'text'; text: string }[] };

const TOOLS = ['echo', 'purge'];

/** The same tools for both generations of the SDK. */
function answerOf(ran: string[], tool: string, asked: Asked | undefined): Answer {
  const subject = String((asked?.authInfo as McpAuthInfo | undefined)?.extra.subject ?? 'nobody');
  ran.push(`${tool} for ${subject}`);
  return { content: [{ type: 'text', text: `${tool} for ${subject}` }] };
}

function serverOf2(ran: string[]): McpServer {
  const server = new McpServer({ name: 'tools', version: '1.0.0' });
  for (const tool of TOOLS)
    server.registerTool(tool, { description: tool }, async (context: { http?: Asked }) =>
      answerOf(ran, tool, context.http),
    );
  return server;
}

function serverOf1(ran: string[]): McpServer1 {
  const server = new McpServer1({ name: 'tools', version: '1.0.0' });
  for (const tool of TOOLS)
    server.registerTool(tool, { description: tool }, async (extra: Asked) => answerOf(ran, tool, extra));
  return server;
}

async function opened(server: Server, ran: string[], more: () => unknown = () => undefined): Promise<ToolServer> {
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return {
    port: (server.address() as AddressInfo).port,
    ran,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await more();
    },
  };
}

type Traits = Pick<ToolServerRow, 'isModern' | 'hasSessions' | 'parsesFirst'>;
type Open = (secure: McpSecurity, ran: string[]) => Server | Promise<Server>;

function row(name: string, traits: Traits, open: Open): ToolServerRow {
  return {
    name,
    ...traits,
    open: async (chain, options = {}) => {
      const ran: string[] = [];
      return opened(await open(mcpSecurity(chain, options), ran), ran);
    },
  };
}

const MODERN = { isModern: true, hasSessions: false };
const WITH_SESSIONS = { isModern: false, hasSessions: true };
const WITHOUT = { isModern: false, hasSessions: false };

/** As the examples of both SDKs keep them: one transport for each session. */
function sessions<Transport extends { sessionId?: string | undefined; onclose?: unknown }>(
  transportFor: (onOpened: (id: string) => void) => Promise<Transport>,
  handle: (transport: Transport, request: IncomingMessage, response: ServerResponse, body: unknown) => unknown,
) {
  const transports = new Map<string, Transport>();
  return async (request: IncomingMessage & { body?: unknown }, response: ServerResponse) => {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? transports.get(id) : undefined;
    const transport =
      known ??
      (await transportFor((opened) => {
        transports.set(opened, transport as Transport);
      }));
    await handle(transport, request, response, request.body);
  };
}

function sessions2(ran: string[]) {
  return sessions(
    async (onOpened) => {
      const transport = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: onOpened,
      });
      await serverOf2(ran).connect(transport);
      return transport;
    },
    (transport, request, response, body) => transport.handleRequest(request, response, body),
  );
}

function sessions1(ran: string[]) {
  return sessions(
    async (onOpened) => {
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: onOpened,
      });
      await serverOf1(ran).connect(transport as Parameters<McpServer1['connect']>[0]);
      return transport;
    },
    (transport, request, response, body) => transport.handleRequest(request, response, body),
  );
}

function handler2(ran: string[]) {
  return createMcpHandler(() => serverOf2(ran));
}

export const TOOL_SERVERS: readonly ToolServerRow[] = [
  row('Express 5, SDK 2', MODERN, (secure, ran) => {
    const app = express();
    app.use(secure.express());
    app.all('/mcp', toNodeHandler(handler2(ran)));
    return createServer(app);
  }),
  row('Express 4, SDK 2, in a route', MODERN, (secure, ran) => {
    const app = express4();
    app.use('/.well-known/oauth-protected-resource', secure.express());
    app.all('/mcp', secure.express(), toNodeHandler(handler2(ran)) as never);
    return createServer(app);
  }),
  row(
    'the application of the SDK for Express, which parses bodies first',
    { ...MODERN, parsesFirst: true },
    (secure, ran) => {
      const app = createMcpExpressApp();
      app.use(secure.express());
      const handle = toNodeHandler(handler2(ran));
      app.all('/mcp', (request, response) => void handle(request, response, request.body));
      return createServer(app);
    },
  ),
  row('node:http, SDK 2', MODERN, (secure, ran) => createServer(secure.http(toNodeHandler(handler2(ran))))),
  row(
    'a fetch server, SDK 2',
    MODERN,
    (secure, ran) => serve({ fetch: secure.fetch(handler2(ran)), port: 0, hostname: '127.0.0.1' }) as Server,
  ),
  row('Hono, SDK 2', MODERN, (secure, ran) => {
    const app = createMcpHonoApp();
    const handler = handler2(ran);
    app.use(secure.hono());
    app.all('/mcp', (c) =>
      handler.fetch(c.req.raw, {
        authInfo: c.get('auth' as never) as McpAuthInfo,
        parsedBody: c.get('parsedBody' as never),
      }),
    );
    return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  }),
  row('Express 5, SDK 2 with sessions', WITH_SESSIONS, (secure, ran) => {
    const app = express();
    app.use(secure.express(), express.json());
    app.all('/mcp', sessions2(ran));
    return createServer(app);
  }),
  row('Express 5, SDK 1 with sessions', WITH_SESSIONS, (secure, ran) => {
    const app = express();
    app.use(secure.express(), express.json());
    app.all('/mcp', sessions1(ran));
    return createServer(app);
  }),
  row('node:http, SDK 1 with sessions', WITH_SESSIONS, (secure, ran) => createServer(secure.http(sessions1(ran)))),
  row('Express 4, SDK 1 without sessions', WITHOUT, (secure, ran) => {
    const app = express4();
    app.use(secure.express(), express.json() as never);
    app.all('/mcp', async (request, response) => {
      const transport = new StreamableHTTPServerTransport();
      await serverOf1(ran).connect(transport as Parameters<McpServer1['connect']>[0]);
      await transport.handleRequest(request, response, request.body);
    });
    return createServer(app);
  }),
];
