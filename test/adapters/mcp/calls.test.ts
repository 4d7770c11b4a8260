import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { requireScopes } from '@sallyport/core';
import { LeaseSetting } from '../../core/leases/lease-fixture.js';
import { challengeIn, message, modernCall, modernLines, modernMessage, oldCall, ToolClient } from './tool-client.js';
import { TOOL_SERVERS, type ToolServer } from './tool-servers.js';

const IDENTIFIER = 'https://tools.example.com/mcp';
const METADATA = 'https://tools.example.com/.well-known/oauth-protected-resource/mcp';

describe.each(TOOL_SERVERS)('$name', ({ open, isModern }) => {
  let setting: LeaseSetting;
  let server: ToolServer;
  const call = isModern ? modernCall : oldCall;
  beforeEach(async () => {
    setting = new LeaseSetting({ resource: { identifier: IDENTIFIER }, guards: [requireScopes('notes:read')] });
    const audience = [IDENTIFIER];
    setting.tokens.users.set('reader', { audience, scopes: ['notes:read'] });
    setting.tokens.users.set('writer', { audience, scopes: ['notes:read', 'notes:write'] });
    setting.tokens.users.set('stranger', { audience: ['https://other.example.com'], scopes: ['notes:read'] });
    server = await open(setting.chain, { tools: { purge: requireScopes('notes:write') } });
  });
  afterEach(async () => {
    await server.close();
    setting.close();
  });

  async function clientOf(token: string): Promise<ToolClient> {
    const client = new ToolClient(server.port, token);
    return isModern ? client : client.initialized();
  }

  test('a tool runs for whom its rule permits, and tells who that is', async () => {
    const reader = await clientOf('reader');
    const { lines, body } = call('echo');
    const answer = await reader.post(lines, body);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('echo for reader');
    const writer = await clientOf('writer');
    const purge = call('purge');
    expect((await writer.post(purge.lines, purge.body)).body).toContain('purge for writer');
    expect(server.ran).toEqual(['echo for reader', 'purge for writer']);
  });

  test('a challenge names all scopes that the call needs, and where the metadata are (RFC 6750 3.1, RFC 9728 5.1)', async () => {
    const reader = await clientOf('reader');
    const { lines, body } = call('purge');
    const answer = await reader.post(lines, body);
    expect(answer.status).toBe(403);
    expect(challengeIn(answer)).toContain('error="insufficient_scope"');
    expect(challengeIn(answer)).toContain('scope="notes:read notes:write"');
    expect(challengeIn(answer)).toContain(`resource_metadata="${METADATA}"`);
    expect(server.ran).toEqual([]);
  });

  test('nobody is told to get a token for the call that the header fields name', async () => {
    const nobody = new ToolClient(server.port);
    const { lines, body } = call('purge');
    const answer = await nobody.post(lines, body);
    expect(answer.status).toBe(401);
    expect(challengeIn(answer)).toContain(`scope="notes:read${isModern ? ' notes:write' : ''}"`);
    expect(challengeIn(answer)).toContain(`resource_metadata="${METADATA}"`);
  });

  test('a token for another server is not valid here (RFC 8707 2)', async () => {
    const { lines, body } = call('echo');
    const answer = await new ToolClient(server.port, 'stranger').post(lines, body);
    expect([answer.status, challengeIn(answer)]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
  });

  test('the metadata are published, with the scopes of the rules (RFC 9728 3)', async () => {
    const response = await fetch(`http://127.0.0.1:${server.port}/.well-known/oauth-protected-resource/mcp`);
    expect(await response.json()).toMatchObject({
      resource: IDENTIFIER,
      scopes_supported: ['notes:read', 'notes:write'],
      bearer_methods_supported: ['header'],
    });
  });

  test('a tool is never run by the rule of another one that a header field names', async () => {
    const reader = await clientOf('reader');
    for (const purge of [oldCall('purge').body, modernCall('purge').body, `[${oldCall('purge').body}]`]) {
      const answer = await reader.post(modernLines('tools/call', 'echo'), purge);
      expect(answer.status).toBe(400);
      expect(answer.body).toContain('-32020');
      expect((await reader.post(modernLines('ping'), purge)).status).toBe(400);
    }
    expect(server.ran).toEqual([]);
  });

  test('a message of whatever version is decided by what its body calls', async () => {
    const reader = await clientOf('reader');
    for (const { lines, body } of [oldCall('purge'), { lines: [], body: message('tools/call', { name: 'purge' }) }])
      expect((await reader.post(lines, body)).status).toBe(403);
    const modern = modernMessage('tools/call', { name: 'purge' });
    expect((await reader.post([], modern)).status).toBe(403);
    expect(server.ran).toEqual([]);
  });
});
