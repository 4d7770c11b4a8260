import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mcpSecurity } from '@sallyport/adapters/mcp';
import { requireScopes } from '@sallyport/core';
import { LeaseSetting } from '../../core/leases/lease-fixture.js';

const IDENTIFIER = 'https://tools.example.com/mcp';
const LIST = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools: [{ name: 'echo' }, { name: 'purge' }] } });
const CALL = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
const HEAD = { 'Content-Type': 'application/json' };
const GZIP = { 'Content-Encoding': 'gzip' };

/** Compresses what is written to an answer as the package `compression` does: it tells so while the head is written. */
function compressing(response: ServerResponse): void {
  const { writeHead, end } = response;
  const chunks: Buffer[] = [];
  Object.assign(response, {
    writeHead(...given: Parameters<typeof writeHead>) {
      response.setHeader('Content-Encoding', 'gzip');
      return writeHead.apply(response, given);
    },
    write(chunk: string | Buffer) {
      if (!response.headersSent) response.writeHead(response.statusCode);
      return chunks.push(Buffer.from(chunk as string)) > 0;
    },
    end(chunk: string | Buffer = '') {
      if (!response.headersSent) response.writeHead(response.statusCode);
      return end.call(response, gzipSync(Buffer.concat([...chunks, Buffer.from(chunk as string)])), 'latin1');
    },
  });
}

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

describe('a list of tools is shortened', () => {
  let setting: LeaseSetting;
  let server: Server;
  beforeEach(() => {
    setting = new LeaseSetting({ resource: { identifier: IDENTIFIER } });
    setting.tokens.users.set('reader', { audience: [IDENTIFIER] });
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    setting.close();
  });

  async function listed(answer: Answer, compress: (response: ServerResponse) => void): Promise<string> {
    const options = { tools: { purge: requireScopes('notes:write') }, hideForbiddenTools: true };
    const secured = mcpSecurity(setting.chain, options).http(answer);
    server = createServer((incoming, response) => {
      compress(response);
      secured(incoming, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const headers = { authorization: 'Bearer reader', 'content-type': 'application/json' };
    const asked = request({ port, method: 'POST', headers, agent: false }).end(CALL);
    const [answered] = (await once(asked, 'response')) as [IncomingMessage];
    expect(answered.headers['content-encoding']).toBe('gzip');
    return gunzipSync(Buffer.concat(await answered.toArray())).toString();
  }

  const answers: readonly (readonly [string, Answer])[] = [
    ['at once', (_request, response) => response.writeHead(200, HEAD).end(LIST)],
    ['without a head', (_request, response) => response.end(LIST)],
    ['in parts', (_request, response) => void [response.write(LIST.slice(0, 40)), response.end(LIST.slice(40))]],
  ];

  test.each(answers)('where something in front compresses answers that are written %s', async (_how, answer) => {
    const text = await listed(answer, compressing);
    expect(text).toContain('echo');
    expect(text).not.toContain('purge');
  });

  const zipped = gzipSync(LIST);
  const compressed: readonly (readonly [string, Answer])[] = [
    ['with its head', (_request, response) => response.writeHead(200, { ...HEAD, ...GZIP }).end(zipped)],
    ['before', (_request, response) => response.setHeaders(new Headers(GZIP)).end(zipped)],
  ];

  test.each(compressed)(
    'and left as it is where the server itself compresses it, and says so %s',
    async (_how, answer) => {
      expect(await listed(answer, () => {})).toBe(LIST);
    },
  );
});
