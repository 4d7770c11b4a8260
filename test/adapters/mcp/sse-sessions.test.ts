import type { Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mcpSecurity } from '@sallyport/adapters/mcp';
import { optional, requireScopes, SecurityChain } from '@sallyport/core';
import { LeaseSetting } from '../../core/leases/lease-fixture.js';
import { ask, requestText } from '../raw-client.js';
import { callOf, SSE_SERVERS, SseClient, SseLog } from './sse-servers.js';

const IDENTIFIER = 'https://tools.example.com/mcp';

/** Spellings of which some server reads the id of a session. */
const SPELLINGS: readonly (readonly [string, (id: string, own: string) => string])[] = [
  ['as a list', (id) => `sessionId[]=${id}`],
  ['as the first of a list', (id) => `sessionId[0]=${id}`],
  ['in brackets', (id) => `[sessionId]=${id}`],
  ['with a letter encoded', (id) => `session%49d=${id}`],
  ['with brackets encoded', (id) => `sessionId%5B%5D=${id}`],
  ['before its own', (id, own) => `sessionId=${id}&sessionId=${own}`],
  ['behind its own', (id, own) => `sessionId=${own}&sessionId=${id}`],
  ['before its own, as a list', (id, own) => `sessionId[]=${id}&sessionId=${own}`],
  ['behind another one', (id) => `a=1&sessionId=${id}`],
  ['with a digit encoded', (id) => `sessionId=%${id.charCodeAt(0).toString(16)}${id.slice(1)}`],
];

describe.each(SSE_SERVERS)('a session of the transport HTTP with SSE of SDK 1, $name', ({ open }) => {
  let setting: LeaseSetting;
  let log: SseLog;
  let server: Server;
  let client: SseClient;
  beforeEach(async () => {
    setting = new LeaseSetting();
    log = new SseLog();
    const audience = [IDENTIFIER];
    setting.tokens.users.set('alice', { audience, clientId: 'one' });
    setting.tokens.users.set('new-token', { subject: 'alice', audience, clientId: 'one' });
    setting.tokens.users.set('other-client', { subject: 'alice', audience, clientId: 'two' });
    setting.tokens.users.set('mallory', { audience, clientId: 'one' });
    const chain = new SecurityChain(
      { requirement: optional(setting.tokens), resource: { identifier: IDENTIFIER } },
      { clock: setting.clock },
    );
    server = open(mcpSecurity(chain, { tools: { purge: requireScopes('notes:write') } }), log);
    client = await SseClient.of(server);
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    setting.close();
  });

  async function refused(answer: Response): Promise<void> {
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ jsonrpc: '2.0', error: { code: -32_001 } });
  }

  test('is used by the principal that opened its stream, also with another token', async () => {
    const stream = await client.open('alice');
    expect((await client.post(stream.address, 'alice')).status).toBe(202);
    expect((await client.post(stream.address, 'new-token')).status).toBe(202);
    await stream.until('echo for alice');
    expect((await client.post(stream.address, 'alice', 'purge')).status).toBe(403);
    expect(log.ran).toEqual(['echo for alice', 'echo for alice']);
  });

  test.each(['mallory', 'other-client', undefined])(
    'is 404 for %s: nobody puts answers into the stream of another (MCP, session hijacking)',
    async (token) => {
      const stream = await client.open('alice');
      await refused(await client.post(stream.address, token));
      expect(log.ran).toEqual([]);
      expect((await client.post(stream.address, 'alice')).status).toBe(202);
    },
  );

  test.each(SPELLINGS)('is 404 for another principal that names it %s', async (_how, spelling) => {
    const [stream, other] = [await client.open('alice'), await client.open('mallory')];
    const [id, own] = [stream, other].map(({ address }) => address.split('=')[1]) as [string, string];
    await refused(await client.post(`/messages?${spelling(id, own)}`, 'mallory'));
    expect(log.ran).toEqual([]);
  });

  test('takes messages by POST only: bodies of other methods are not looked at', async () => {
    const { address } = await client.open('alice');
    const body = callOf('purge');
    const lines = ['Authorization: Bearer alice', 'Content-Type: application/json', `Content-Length: ${body.length}`];
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const { status } = await ask(client.port, 'http', requestText(method, address, lines, body));
      expect([method, status]).toEqual([method, 404]);
    }
    expect(log.ran).toEqual([]);
  });

  test('is 404 where nobody has opened it, and once its stream is over', async () => {
    await refused(await client.post('/messages?sessionId=1', 'alice'));
    const stream = await client.open('alice');
    await stream.leave();
    while (log.closed === 0) await new Promise((resolve) => setImmediate(resolve));
    await refused(await client.post(stream.address, 'alice'));
  });

  test('that was opened by nobody belongs to the first who uses it with credentials', async () => {
    const { address } = await client.open(undefined);
    expect((await client.post(address, undefined)).status).toBe(202);
    expect((await client.post(address, 'alice')).status).toBe(202);
    await refused(await client.post(address, 'mallory'));
    await refused(await client.post(address, undefined));
    expect(log.ran).toEqual(['echo for nobody', 'echo for alice']);
  });

  test('is named by no other parameter', async () => {
    const stream = await client.open('alice');
    expect((await client.post(`${stream.address}&chatSessionId=1&x=sessionId`, 'alice')).status).toBe(202);
  });
});

describe('a session of a fetch server that speaks the same', () => {
  test('belongs to whoever got the stream that names it, however the event is cut', async () => {
    const setting = new LeaseSetting({ resource: { identifier: IDENTIFIER } });
    for (const user of ['alice', 'mallory']) setting.tokens.users.set(user, { audience: [IDENTIFIER] });
    const secure = mcpSecurity(setting.chain, { remoteAddress: () => '127.0.0.1' });
    const cut = [': hello\n\neve', 'nt: endpoint\nda', 'ta: /messages?sessionId=1\n\n'];
    const handle = secure.fetch(({ method }) => {
      if (method === 'POST') return new Response(null, { status: 202 });
      const pieces = [...cut];
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const piece = pieces.shift();
          if (piece !== undefined) controller.enqueue(Buffer.from(piece));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    const askAs = (user: string, path: string, method = 'GET') =>
      handle(new Request(`https://tools.example.com${path}`, { method, headers: { authorization: `Bearer ${user}` } }));
    const message = async (user: string) => (await askAs(user, '/messages?sessionId=1', 'POST')).status;

    expect(await message('alice')).toBe(404);
    const reader = ((await askAs('alice', '/sse')).body as ReadableStream<Uint8Array>).getReader();
    for (const _ of cut) await reader.read();
    expect([await message('alice'), await message('mallory')]).toEqual([202, 404]);
    await reader.cancel();
    expect(await message('alice')).toBe(404);
    setting.close();
  });
});
