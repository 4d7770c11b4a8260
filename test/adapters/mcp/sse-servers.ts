import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import type { McpSecurity } from '@sallyport/adapters/mcp';
import express, { type Request } from 'express';

const express4: typeof express = require('express4');

/** A server of the transport of protocol version 2024-11-05, as SDK 1 has it. */
export interface SseServerRow {
  readonly name: string;
  open(secure: McpSecurity, log: SseLog): Server;
}

/** What a server of that transport has done. */
export class SseLog {
  /** The tools that ran, in their order, and for whom. */
  readonly ran: string[] = [];
  /** How many streams were closed. */
  closed = 0;
  readonly #transports: Record<string, SSEServerTransport> = {};

  async stream(response: ServerResponse): Promise<void> {
    const transport = new SSEServerTransport('/messages', response);
    this.#transports[transport.sessionId] = transport;
    response.once('close', () => {
      this.closed += 1;
    });
    const server = new McpServer({ name: 'tools', version: '1.0.0' });
    for (const tool of ['echo', 'purge'])
      server.registerTool(tool, { description: tool }, async ({ authInfo }) => {
        const text = `${tool} for ${authInfo?.extra?.['subject'] ?? 'nobody'}`;
        this.ran.push(text);
        return { content: [{ type: 'text', text }] };
      });
    await server.connect(transport as Parameters<McpServer['connect']>[0]);
  }

  /** As the examples of SDK 1: a list of one id is taken for that id, and whatever method is taken. */
  async message(request: IncomingMessage, response: ServerResponse, id: unknown): Promise<void> {
    const transport = this.#transports[id as string];
    if (transport === undefined) response.writeHead(400).end('No transport');
    else await transport.handlePostMessage(request, response);
  }
}

function withExpress(version: typeof express) {
  return (secure: McpSecurity, log: SseLog) => {
    const app = version();
    app.use(secure.express());
    app.get('/sse', (_request, response) => log.stream(response));
    app.use('/messages', (request: Request, response) => log.message(request, response, request.query['sessionId']));
    return createServer(app);
  };
}

export const SSE_SERVERS: readonly SseServerRow[] = [
  { name: 'Express 5', open: withExpress(express) },
  { name: 'Express 4', open: withExpress(express4) },
  {
    name: 'node:http',
    open: (secure, log) =>
      createServer(
        secure.http((request, response) => {
          const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
          if (pathname === '/sse') void log.stream(response);
          else void log.message(request, response, searchParams.get('sessionId'));
        }),
      ),
  },
];

/** A stream, and where its first event says that messages are posted. */
export interface SseStream {
  readonly address: string;
  /** What has come since, once this is among it. */
  until(text: string): Promise<string>;
  leave(): Promise<void>;
}

export class SseClient {
  readonly #origin: string;

  static async of(server: Server): Promise<SseClient> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SseClient((server.address() as { port: number }).port);
  }

  private constructor(port: number) {
    this.#origin = `http://127.0.0.1:${port}`;
  }

  get port(): number {
    return Number(new URL(this.#origin).port);
  }

  async open(token: string | undefined): Promise<SseStream> {
    const answer = await fetch(`${this.#origin}/sse`, { headers: headersOf(token) });
    if (answer.body === null || answer.status !== 200) throw new Error(`no stream: ${answer.status}`);
    const reader = answer.body.getReader();
    let received = '';
    const until = async (text: string) => {
      while (!received.includes(text)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended after ${JSON.stringify(received)}`);
        received += Buffer.from(value).toString();
      }
      return received;
    };
    const first = await until('\n\n');
    return { address: /^data: (.*)$/m.exec(first)?.[1] ?? '', until, leave: () => reader.cancel() };
  }

  post(address: string, token: string | undefined, tool = 'echo'): Promise<globalThis.Response> {
    const headers = { ...headersOf(token), 'content-type': 'application/json' };
    return fetch(this.#origin + address, { method: 'POST', headers, body: callOf(tool) });
  }
}

export function callOf(tool: string): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } });
}

function headersOf(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
