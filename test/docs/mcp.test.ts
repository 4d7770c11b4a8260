import { afterEach, describe, expect, test } from '@jest/globals';
import { message, modernLines, modernMessage, OLD } from '../adapters/mcp/tool-client.js';
import { DocumentedServer } from './documented-server.js';
import { openGuide } from './open-guide.js';

describe('docs/mcp.md', () => {
  const guide = openGuide('docs/mcp.md');
  let server: DocumentedServer;
  afterEach(() => server?.stop());

  const post = (body: string, lines: readonly string[]) =>
    fetch(`${server.origin}/mcp`, {
      method: 'POST',
      body,
      headers: [
        ['accept', 'application/json, text/event-stream'],
        ['content-type', 'application/json'],
        ...lines.map((line) => line.split(': ') as [string, string]),
      ],
    });

  test.each(['express-server.js', 'http-server.js', 'hono-server.js', 'fetch-server.js'])(
    'the tools of %s are decided one by one',
    async (file) => {
      server = await DocumentedServer.start(guide.project.folder, file);
      const [reader, writer] = [await server.printed(/^reader: (.+)$/), await server.printed(/^writer: (.+)$/)];
      const call = (tool: string, token: string) =>
        post(modernMessage('tools/call', { name: tool, arguments: {} }), [
          ...modernLines('tools/call', tool),
          `authorization: Bearer ${token}`,
        ]);
      expect(await (await call('list', reader)).text()).toContain('The notes of alice');
      const refused = await call('purge', reader);
      expect(refused.status).toBe(403);
      expect(refused.headers.get('www-authenticate')).toContain('scope="notes:read notes:write"');
      expect(await (await call('purge', writer)).text()).toContain('All notes are deleted');
    },
  );

  test('SDK 1 with sessions', async () => {
    server = await DocumentedServer.start(guide.project.folder, 'sdk1-server.js');
    const authorization = `authorization: Bearer ${await server.printed(/^reader: (.+)$/)}`;
    const params = { protocolVersion: OLD, capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } };
    const opened = await post(message('initialize', params), [authorization]);
    const session = `mcp-session-id: ${opened.headers.get('mcp-session-id')}`;
    const call = (tool: string) => post(message('tools/call', { name: tool, arguments: {} }), [authorization, session]);
    expect(await (await call('list')).text()).toContain('The notes of alice');
    expect((await call('purge')).status).toBe(403);
  });

  test('in the place of requireBearerAuth', async () => {
    server = await DocumentedServer.start(guide.project.folder, 'drop-in.js');
    const call = (tool: string, token: string) =>
      post(modernMessage('tools/call', { name: tool, arguments: {} }), [
        ...modernLines('tools/call', tool),
        `authorization: Bearer ${token}`,
      ]);
    expect(await (await call('list', 'token-of-alice')).text()).toContain('The notes of alice');
    expect((await call('list', 'token-of-mallory')).status).toBe(401);
    expect((await call('purge', 'token-of-alice')).status).toBe(403);
  });

  test('some tools without credentials', async () => {
    server = await DocumentedServer.start(guide.project.folder, 'mixed-server.js');
    const call = (tool: string, ...lines: string[]) =>
      post(modernMessage('tools/call', { name: tool, arguments: {} }), [...modernLines('tools/call', tool), ...lines]);
    expect((await call('list')).status).toBe(200);
    expect((await call('purge')).status).toBe(401);
    expect((await call('purge', 'cookie: session=session-of-alice')).status).toBe(200);
  });
});
