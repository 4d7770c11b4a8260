import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { serve } from '@hono/node-server';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type McpSecurity, mcpSecurity } from '@sallyport/adapters/mcp';
import { requireScopes } from '@sallyport/core';
import express from 'express';
import { Hono } from 'hono';
import { LeaseSetting } from '../../core/leases/lease-fixture.js';
import { message } from './tool-client.js';

const IDENTIFIER = 'https://tools.example.com/mcp';
const TOOLS = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools: [{ name: 'echo' }, { name: 'purge' }] } });
const BATCH = `[${message('tools/list')},${message('tools/call', { name: 'slow' }, 2)}]`;

/** The answer to the list comes at once, that to the call never. */
function streamOfNode(response: ServerResponse): void {
  response.setHeader('content-type', 'text/event-stream');
  response.write(`data: ${TOOLS}\n\n`);
}

function streamOfFetch(): Response {
  const body = new ReadableStream<Uint8Array>({ start: (it) => it.enqueue(Buffer.from(`data: ${TOOLS}\n\n`)) });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

/** Whole answers, by their path. */
const WHOLE: Readonly<Record<string, { fields: Record<string, string>; body: string | Uint8Array<ArrayBuffer> }>> = {
  '/zipped': {
    fields: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: new Uint8Array(gzipSync(TOOLS)),
  },
  '/list': {
    fields: { 'content-type': 'application/json', 'content-length': String(TOOLS.length) },
    body: TOOLS,
  },
};

function answerOfNode(path: string, response: ServerResponse): void {
  const { fields, body } = WHOLE[path] ?? {};
  if (fields === undefined) streamOfNode(response);
  else response.writeHead(200, fields).end(body);
}

function answerOfFetch(path: string): Response {
  const { fields, body } = WHOLE[path] ?? {};
  return fields === undefined ? streamOfFetch() : new Response(body, { headers: fields });
}

const SERVERS: readonly { name: string; open(secure: McpSecurity): Server }[] = [
  {
    name: 'Express 5',
    open: (secure) => {
      const app = express();
      app.use(secure.express());
      app.use((request, response) => answerOfNode(request.path, response));
      return createServer(app);
    },
  },
  {
    name: 'node:http',
    open: (secure) => createServer(secure.http((request, response) => answerOfNode(request.url ?? '', response))),
  },
  {
    name: 'a fetch server',
    open: (secure) => {
      const handle = ({ url }: Request) => answerOfFetch(new URL(url).pathname);
      return serve({ fetch: secure.fetch(handle), port: 0, hostname: '127.0.0.1' }) as Server;
    },
  },
  {
    name: 'Hono',
    open: (secure) => {
      const app = new Hono();
      app.use(secure.hono());
      app.all('*', (context) => answerOfFetch(context.req.path));
      return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
    },
  },
];

describe.each(SERVERS)('an answer of $name that is held back, to shorten a list of tools', ({ open }) => {
  let setting: LeaseSetting;
  let server: Server;
  beforeEach(async () => {
    setting = new LeaseSetting({ resource: { identifier: IDENTIFIER } });
    setting.tokens.users.set('reader', { audience: [IDENTIFIER], expiresAt: setting.now + 60 });
    server = open(
      mcpSecurity(setting.chain, { tools: { purge: requireScopes('notes:write') }, hideForbiddenTools: true }),
    );
    if (server.address() === null) server.listen(0, '127.0.0.1');
    if (!server.listening) await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    setting.close();
  });

  function post(path: string, body: string): Promise<Response> {
    const headers = { authorization: 'Bearer reader', 'content-type': 'application/json' };
    const { port } = server.address() as { port: number };
    return fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
  }

  test('ends with its lease, if it is an event stream: nothing goes on for longer than its token', async () => {
    const answer = post('/mcp', BATCH);
    const giveUp = performance.now() + 3_000;
    while (setting.chain.leases.active !== 1 && performance.now() < giveUp)
      await new Promise((resolve) => setImmediate(resolve));
    expect(setting.chain.leases.active).toBe(1);
    setting.clock.pass(61);
    const text = await (await answer).text();
    expect(text).toBe(`data: ${TOOLS.replace(',{"name":"purge"}', '')}\n\n`);
    expect(setting.chain.leases).toMatchObject({ active: 0, expired: 1 });
  });

  test('has the length of what is sent', async () => {
    const answer = await post('/list', message('tools/list'));
    expect(await answer.json()).toMatchObject({ result: { tools: [{ name: 'echo' }] } });
  });

  test('stays as it is, if the server has compressed it', async () => {
    const answer = await post('/zipped', message('tools/list'));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual(JSON.parse(TOOLS));
  });
});
