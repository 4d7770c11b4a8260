import { afterEach, describe, expect, test } from '@jest/globals';
import { type McpSecurityOptions } from '@sallyport/adapters/mcp';
import { rateLimit, requireScopes } from '@sallyport/core';
import { ToolLists } from '../../../packages/adapters/src/mcp/answers/tool-lists.js';
import { LeaseSetting } from '../../core/leases/lease-fixture.js';
import { message, modernCall, modernLines, modernMessage, OLD, oldCall, ToolClient } from './tool-client.js';
import { TOOL_SERVERS, type ToolServer } from './tool-servers.js';

const IDENTIFIER = 'https://tools.example.com/mcp';
const WRITE = requireScopes('notes:write');

describe.each(TOOL_SERVERS)('a list of the tools of $name', ({ open, isModern }) => {
  let setting: LeaseSetting;
  let server: ToolServer;
  afterEach(async () => {
    await server.close();
    setting.close();
  });

  async function listed(token: string, options: McpSecurityOptions): Promise<readonly string[]> {
    setting = new LeaseSetting({ resource: { identifier: IDENTIFIER } });
    setting.tokens.users.set('reader', { audience: [IDENTIFIER] });
    setting.tokens.users.set('writer', { audience: [IDENTIFIER], scopes: ['notes:write'] });
    server = await open(setting.chain, options);
    const client = new ToolClient(server.port, token);
    const user = isModern ? client : await client.initialized();
    const [lines, body] = isModern
      ? [modernLines('tools/list'), modernMessage('tools/list')]
      : [[`MCP-Protocol-Version: ${OLD}`], message('tools/list')];
    const answer = await user.post(lines, body);
    expect(answer.status).toBe(200);
    return ['echo', 'purge'].filter((tool) => answer.body.includes(`"name":"${tool}"`));
  }

  test('shows what the caller may call, where that is asked for', async () => {
    expect(await listed('reader', { tools: { purge: WRITE }, hideForbiddenTools: true })).toEqual(['echo']);
  });

  test('shows all to whoever may call all', async () => {
    expect(await listed('writer', { tools: { purge: WRITE }, hideForbiddenTools: true })).toEqual(['echo', 'purge']);
  });

  test('shows all where it is not asked for', async () => {
    expect(await listed('reader', { tools: { purge: WRITE } })).toEqual(['echo', 'purge']);
  });

  test('hides what no rule names, if other tools need more, and all if calls do', async () => {
    const options = { tools: { echo: () => true }, otherTools: WRITE, hideForbiddenTools: true };
    expect(await listed('reader', options)).toEqual(['echo']);
    await server.close();
    setting.close();
    const none = { tools: { echo: () => true }, methods: { 'tools/call': WRITE }, hideForbiddenTools: true };
    expect(await listed('reader', none)).toEqual([]);
  });

  test('counts nothing of the limits of tools', async () => {
    const limit = rateLimit({ name: 'once', limit: 1, windowSeconds: 60, by: 'principal' });
    expect(await listed('reader', { tools: { echo: limit }, hideForbiddenTools: true })).toEqual(['echo', 'purge']);
    const client = new ToolClient(server.port, 'reader');
    const user = isModern ? client : await client.initialized();
    const { lines, body } = isModern ? modernCall('echo') : oldCall('echo');
    expect((await user.post(lines, body)).status).toBe(200);
  });
});

describe('what is taken out of a list', () => {
  const lists = new ToolLists((tool) => tool === 'purge');
  const list = (...names: string[]) =>
    JSON.stringify({ id: 1, result: { tools: names.map((name) => ({ name, x: '\u2028' })) } });

  test('of events, of lists of messages, and of nothing that is no list', () => {
    expect(lists.without(list('echo', 'purge'), false)).toBe(list('echo'));
    expect(lists.without(`[${list('purge')},{"id":2}]`, false)).toBe(`[${list()},{"id":2}]`);
    expect(lists.without(`event: message\r\ndata: ${list('purge', 'echo')}\r\n\r\n`, true)).toBe(
      `event: message\r\ndata: ${list('echo')}\r\n\r\n`,
    );
    for (const other of ['', 'purge', '{"result":{"tools":"purge"}}', 'null', '[null]', list('echo')])
      expect(lists.without(other, false)).toBe(other);
  });
});
