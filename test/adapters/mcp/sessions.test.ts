import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createPrincipal, optional, requireScopes, SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { Sessions } from '../../../packages/adapters/src/mcp/answers/sessions.js';
import { LeaseSetting } from '../../core/leases/lease-fixture.js';
import { oldCall, ToolClient } from './tool-client.js';
import { TOOL_SERVERS, type ToolServer } from './tool-servers.js';

const IDENTIFIER = 'https://tools.example.com/mcp';
const ROWS = TOOL_SERVERS.filter(({ hasSessions }) => hasSessions);

describe.each(ROWS)('a session of $name', ({ open }) => {
  let setting: LeaseSetting;
  let server: ToolServer;
  const echo = oldCall('echo');
  beforeEach(async () => {
    setting = new LeaseSetting();
    const audience = [IDENTIFIER];
    setting.tokens.users.set('alice', { audience, issuer: 'https://login.example.com', clientId: 'one' });
    setting.tokens.users.set('bob', { audience, issuer: 'https://login.example.com', clientId: 'one' });
    setting.tokens.users.set('other-client', {
      subject: 'alice',
      audience,
      issuer: 'https://login.example.com',
      clientId: 'two',
    });
    setting.tokens.users.set('other-issuer', {
      subject: 'alice',
      audience,
      issuer: 'https://other.example.com',
      clientId: 'one',
    });
    setting.tokens.users.set('new-token', {
      subject: 'alice',
      audience,
      issuer: 'https://login.example.com',
      clientId: 'one',
    });
    setting.tokens.users.set('writer', { audience, scopes: ['notes:write'] });
    const { clock } = setting;
    const chain = new SecurityChain(
      { requirement: optional(setting.tokens), resource: { identifier: IDENTIFIER } },
      { clock },
    );
    server = await open(chain, { tools: { purge: requireScopes('notes:write') } });
  });
  afterEach(async () => {
    await server.close();
    setting.close();
  });

  test('is used by the principal that opened it, also with another token', async () => {
    const opened = await new ToolClient(server.port, 'alice').initialized();
    expect((await opened.post(echo.lines, echo.body)).status).toBe(200);
    expect((await opened.as('new-token').post(echo.lines, echo.body)).status).toBe(200);
  });

  test.each(['bob', 'other-client', 'other-issuer', undefined])(
    'is 404 for %s, whatever is asked: calls, streams and its end (MCP, session hijacking)',
    async (token) => {
      const opened = await new ToolClient(server.port, 'alice').initialized();
      const thief = opened.as(token);
      const answer = await thief.post(echo.lines, echo.body);
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body)).toMatchObject({ jsonrpc: '2.0', error: { code: -32_001 } });
      expect((await thief.ask('GET', [])).status).toBe(404);
      expect((await thief.ask('DELETE', [])).status).toBe(404);
      expect((await opened.post(echo.lines, echo.body)).status).toBe(200);
      expect(server.ran).toHaveLength(1);
    },
  );

  test('that nobody has opened is 404, also twice in one request', async () => {
    const alice = new ToolClient(server.port, 'alice');
    expect((await alice.with('Mcp-Session-Id: 1').post(echo.lines, echo.body)).status).toBe(404);
    const opened = await alice.initialized();
    expect((await opened.with('Mcp-Session-Id: 1').post(echo.lines, echo.body)).status).toBe(404);
  });

  test('is over once its owner has ended it', async () => {
    const opened = await new ToolClient(server.port, 'alice').initialized();
    expect((await opened.ask('DELETE', [])).status).toBe(200);
    expect((await opened.post(echo.lines, echo.body)).status).toBe(404);
  });

  test('that was opened by nobody belongs to the first who uses it with credentials', async () => {
    const opened = await new ToolClient(server.port).initialized();
    expect((await opened.post(echo.lines, echo.body)).status).toBe(200);
    const purge = oldCall('purge');
    expect((await opened.post(purge.lines, purge.body)).status).toBe(401);
    expect((await opened.as('writer').post(purge.lines, purge.body)).status).toBe(200);
    expect((await opened.as('bob').post(echo.lines, echo.body)).status).toBe(404);
    expect((await opened.post(echo.lines, echo.body)).status).toBe(404);
  });
});

test('above the limit, whoever has the most sessions loses the oldest: nobody pushes out those of others', () => {
  const sessions = new Sessions(4);
  const of = (subject: string) => createPrincipal({ subject });
  const used = (id: string, subject: string) => {
    const request = new SecurityRequest({ method: 'POST', target: '/', rawHeaders: ['Mcp-Session-Id', id] });
    try {
      sessions.check(request, of(subject));
      return true;
    } catch {
      return false;
    }
  };
  sessions.opened('victim', of('alice'));
  for (let count = 1; count <= 20; count += 1) sessions.opened(`${count}`, of('mallory'));
  expect(used('victim', 'alice')).toBe(true);
  expect([used('17', 'mallory'), used('18', 'mallory'), used('20', 'mallory')]).toEqual([false, true, true]);
  sessions.opened('newcomer', of('bob'));
  expect([used('newcomer', 'bob'), used('victim', 'alice')]).toEqual([true, true]);
});
