import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mcpSecurity } from '@sallyport/adapters/mcp';
import { requireScopes } from '@sallyport/core';
import { LeaseSetting } from '../../core/leases/lease-fixture.js';
import { challengeIn, message, modernCall, modernLines, modernMessage, oldCall, ToolClient } from './tool-client.js';
import { TOOL_SERVERS, type ToolServer } from './tool-servers.js';

const IDENTIFIER = 'https://tools.example.com/mcp';
const WRITE = requireScopes('notes:write');
const PURGE = { name: 'purge', arguments: {} };

function base64(text: string): string {
  return `=?base64?${Buffer.from(text).toString('base64')}?=`;
}

/** Bodies that call `purge` for at least one reader, and do not for another one. */
const BODIES: readonly (readonly [string, string | Buffer, string?])[] = [
  ['a method twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"purge"}}'],
  ['a name twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"purge","name":"echo"}}'],
  [
    'a name twice, in two spellings',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"purge","n\\u0061me":"echo"}}',
  ],
  ['no UTF-8', Buffer.from(message('tools/call', { ...PURGE, x: '\u00ff' }), 'latin1')],
  ['UTF-16', Buffer.from(message('tools/call', PURGE), 'utf16le'), 'application/json; charset=utf-16le'],
  [
    'UTF-7, in which a string ends earlier',
    message('tools/call', { name: 'echo', arguments: { x: '+ACI-},+ACI-name+ACI-:+ACI-purge' } }),
    'application/json; charset=utf-7',
  ],
  ['a charset twice', message('tools/call', { name: 'echo' }), 'application/json; charset=utf-8; charset=utf-7'],
  [
    'a form',
    message('tools/call', { name: 'echo', x: '&method=tools/call&params[name]=purge' }),
    'application/x-www-form-urlencoded',
  ],
  ['text', message('tools/call', { name: 'echo' }), 'text/plain'],
  ['no JSON', '{"jsonrpc":"2.0","id":1,"method":"tools/call",'],
  ['nothing', ''],
  ['a number', '1'],
  ['a message in an array in an array', `[[${message('tools/call', PURGE)}]]`],
  ['a method that is no text', '{"jsonrpc":"2.0","id":1,"method":["tools/call"],"params":{"name":"purge"}}'],
  ['no name', message('tools/call', { arguments: {} })],
  ['a name that is no text', message('tools/call', { name: ['purge'] })],
  ['a name in the prototype', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{"name":"purge"}}}'],
  ['params that are a list', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["purge"]}'],
];

describe.each(TOOL_SERVERS)('$name', ({ open, isModern, parsesFirst }) => {
  let setting: LeaseSetting;
  let server: ToolServer;
  beforeEach(() => {
    setting = new LeaseSetting({ resource: { identifier: IDENTIFIER } });
    setting.tokens.users.set('reader', { audience: [IDENTIFIER] });
    setting.tokens.users.set('writer', { audience: [IDENTIFIER], scopes: ['notes:write'] });
  });
  afterEach(async () => {
    await server.close();
    setting.close();
  });

  async function clientOf(token: string): Promise<ToolClient> {
    const client = new ToolClient(server.port, token);
    return isModern ? client : client.initialized();
  }

  test('a body that can be read in two ways calls nothing, and neither does one that names no tool', async () => {
    server = await open(setting.chain, { tools: { purge: WRITE } });
    const reader = await clientOf('reader');
    for (const [, body, type] of BODIES) {
      const { status } = await reader.post([], body, type);
      // What a parser in front has read is what runs.
      if (parsesFirst !== true) expect([400, 413]).toContain(status);
    }
    expect(server.ran.filter((ran) => !ran.startsWith('echo'))).toEqual([]);
    if (parsesFirst !== true) expect(server.ran).toEqual([]);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ] as const)('a body in %s is not read as another text', async (encoding, compress) => {
    server = await open(setting.chain, { tools: { purge: WRITE } });
    const reader = await clientOf('reader');
    const { status } = await reader.post([`Content-Encoding: ${encoding}`], compress(message('tools/call', PURGE)));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(server.ran).toEqual([]);
  });

  test('each call of a batch is decided, with one challenge for all of them', async () => {
    server = await open(setting.chain, {
      tools: { purge: WRITE, echo: requireScopes('notes:echo') },
      methods: { ping: requireScopes('notes:ping') },
    });
    const reader = await clientOf('reader');
    const batch = `[${message('ping')},${message('tools/call', { name: 'echo' }, 2)},${message('tools/call', PURGE, 3)}]`;
    const answer = await reader.post([], batch);
    expect(answer.status).toBe(403);
    expect(challengeIn(answer)).toContain('scope="notes:ping notes:echo notes:write"');
    const hidden = `[${message('tools/list')},${message('tools/call', PURGE, null)}]`;
    expect((await reader.post([], hidden)).status).toBe(403);
    expect(server.ran).toEqual([]);
  });

  test('a body above the limit is refused, whatever length it declares', async () => {
    server = await open(setting.chain, { tools: { purge: WRITE }, maxBodyBytes: 1_024 });
    const reader = await clientOf('reader');
    const large = message('tools/call', { name: 'echo', arguments: { text: 'x'.repeat(2_000) } });
    const { status } = await reader.post([], large);
    // The application of the SDK has read it before, by its own limit.
    expect(status).toBe(parsesFirst ? 200 : 413);
    const chunk = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    const chunked = await reader.chunked(['Content-Type: application/json'], chunk);
    expect(chunked.status).toBe(status);
    if (!parsesFirst) expect(server.ran).toEqual([]);
  });
});

describe('what stands in header fields', () => {
  const [, , , node] = TOOL_SERVERS;
  let setting: LeaseSetting;
  let server: ToolServer;
  let reader: ToolClient;
  beforeEach(async () => {
    setting = new LeaseSetting({ resource: { identifier: IDENTIFIER } });
    setting.tokens.users.set('reader', { audience: [IDENTIFIER] });
    server = (await node?.open(setting.chain, { tools: { purge: WRITE } })) as ToolServer;
    reader = new ToolClient(server.port, 'reader');
  });
  afterEach(async () => {
    await server.close();
    setting.close();
  });

  const echo = modernMessage('tools/call', { name: 'echo', arguments: {} });

  test('a name in Base64 is the name (MCP 2026-07-28, standard headers)', async () => {
    expect((await reader.post(modernLines('tools/call', base64('echo')), echo)).status).toBe(200);
    const purge = await reader.post(modernLines('tools/call', base64('purge')), modernCall('purge').body);
    expect(purge.status).toBe(403);
  });

  test.each([
    ['Base64 without its end', '=?base64?ZWNob?='],
    ['Base64 that can be written otherwise', '=?base64?ZWNobx==?='],
    ['Base64 for URLs', '=?base64?__8=?='],
    ['Base64 of no UTF-8', '=?base64?/w==?='],
    ['nothing in Base64', '=?base64??='],
    ['another tool in Base64', base64('other')],
    ['another case', 'Echo'],
    ['two names', 'echo, purge'],
  ])('%s is not the name of the tool', async (_what, name) => {
    const answer = await reader.post(modernLines('tools/call', name), echo);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ jsonrpc: '2.0', id: expect.anything(), error: { code: -32_020 } });
    expect(server.ran).toEqual([]);
  });

  test.each([
    ['Mcp-Method', ['Mcp-Method: tools/call', 'Mcp-Method: ping', 'Mcp-Name: echo']],
    ['Mcp-Name', ['Mcp-Method: tools/call', 'Mcp-Name: purge', 'Mcp-Name: echo']],
    ['Mcp-Name, spelt otherwise', ['mcp-method: tools/call', 'MCP-NAME: echo', 'mcp-name: purge']],
  ])('%s twice is refused', async (_name, lines) => {
    expect((await reader.post(['MCP-Protocol-Version: 2026-07-28', ...lines], echo)).status).toBe(400);
    expect(server.ran).toEqual([]);
  });

  test('the name of a method is taken as it is written', async () => {
    for (const method of ['Tools/Call', 'tools/call ', 'TOOLS/CALL']) {
      const { status } = await reader.post([], message(method, PURGE));
      expect([status, server.ran]).toEqual([expect.any(Number), []]);
    }
  });

  test('an answer of a client that claims to call a tool is refused', async () => {
    const answer = JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} });
    expect((await reader.post(modernLines('tools/call', 'echo'), answer)).status).toBe(400);
  });

  test('a method that nobody knows is left to the server', async () => {
    const { status, body } = await reader.post(modernLines('vendor/other'), modernMessage('vendor/other'));
    expect([status, body]).toEqual([404, expect.stringContaining('-32601')]);
  });

  test('nobody without a good token has a body read', async () => {
    const nobody = new ToolClient(server.port);
    expect((await nobody.post([], '{')).status).toBe(401);
    expect((await nobody.chunked(['Content-Type: application/json'], '5\r\nhalf')).status).toBe(401);
  });
});

describe('the table of rules', () => {
  const resource = { identifier: IDENTIFIER };

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is a name as any other', async (name) => {
    const setting = new LeaseSetting({ resource });
    setting.tokens.users.set('reader', { audience: [IDENTIFIER] });
    const [, , , node] = TOOL_SERVERS;
    const without = (await node?.open(setting.chain, { tools: { purge: WRITE } })) as ToolServer;
    const call = modernCall(name);
    expect((await new ToolClient(without.port, 'reader').post(call.lines, call.body)).status).toBe(200);
    await without.close();
    const tools = { ['__proto__']: WRITE, constructor: WRITE, toString: WRITE, hasOwnProperty: WRITE };
    const within = (await node?.open(setting.chain, { tools })) as ToolServer;
    expect((await new ToolClient(within.port, 'reader').post(call.lines, call.body)).status).toBe(403);
    await within.close();
    setting.close();
  });

  test('rules that an object inherits are refused at the start, because they would not be read', () => {
    const { chain } = new LeaseSetting({ resource });
    for (const tools of [{ __proto__: WRITE }, Object.create({ purge: WRITE })])
      expect(() => mcpSecurity(chain, { tools: tools as never })).toThrow(/plain object/);
    expect(() => mcpSecurity(chain, { tools: { purge: [] } })).toThrow(/must be a guard/);
    expect(() => mcpSecurity(chain, { tools: { purge: 'notes:write' as never } })).toThrow();
  });

  test('a rule whose guards all abstain refuses', async () => {
    const setting = new LeaseSetting({ resource });
    setting.tokens.users.set('reader', { audience: [IDENTIFIER] });
    const [, , , node] = TOOL_SERVERS;
    const { ABSTAINED } = require('@sallyport/core/extend') as typeof import('@sallyport/core/extend');
    const server = (await node?.open(setting.chain, { tools: { purge: () => ABSTAINED } })) as ToolServer;
    const { lines, body } = modernCall('purge');
    expect((await new ToolClient(server.port, 'reader').post(lines, body)).status).toBe(403);
    await server.close();
    setting.close();
  });

  test('tools that are not in the table may need something, too', async () => {
    const setting = new LeaseSetting({ resource });
    setting.tokens.users.set('reader', { audience: [IDENTIFIER] });
    const [, , , node] = TOOL_SERVERS;
    const server = (await node?.open(setting.chain, {
      tools: { echo: () => true },
      otherTools: () => false,
    })) as ToolServer;
    const statusOf = async ({ lines, body }: ReturnType<typeof oldCall>) =>
      (await new ToolClient(server.port, 'reader').post(lines, body)).status;
    expect(await statusOf(modernCall('echo'))).toBe(200);
    expect(await statusOf(modernCall('purge'))).toBe(403);
    expect(await statusOf(oldCall('purge'))).toBe(403);
    await server.close();
    setting.close();
  });

  test('a chain without a resource is refused: clients would not find their way', () => {
    expect(() => mcpSecurity(new LeaseSetting().chain)).toThrow(/has no resource/);
  });
});
