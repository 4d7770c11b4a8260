import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { WebSocket } from 'ws';
import { DocumentedServer } from './documented-server.js';
import { openGuide } from './open-guide.js';

describe('docs/nest.md', () => {
  const guide = openGuide('docs/nest.md');
  let server: DocumentedServer;
  afterEach(() => server?.stop());

  const open = async (file: string) => {
    server = await DocumentedServer.start(guide.project.folder, file);
    return async (method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}) => {
      const { statusCode, body } = await request(server.origin + path, { method, headers });
      return [statusCode, await body.json()];
    };
  };
  const badge = { 'x-badge': 'badge-0001' };
  const key = { 'x-partner-key': 'key-of-bob' };

  test.each(['main.js', 'main-fastify.js'])('%s: each method has what its decorators say', async (file) => {
    const ask = await open(file);
    expect(await ask('GET', '/orders', badge)).toEqual([200, { of: 'alice' }]);
    expect(await ask('GET', '/orders', key)).toEqual([403, expect.objectContaining({ status: 403 })]);
    expect(await ask('GET', '/orders/mine', key)).toEqual([200, { of: 'bob' }]);
    expect(await ask('POST', '/orders/import', key)).toEqual([201, { imported: 0 }]);
    expect(await ask('POST', '/orders/import', badge)).toEqual([401, expect.objectContaining({ status: 401 })]);
    expect(await ask('GET', '/orders/prices', { 'x-badge': 'bad' })).toEqual([200, { tea: 3 }]);
    expect(await ask('GET', '/unknown')).toEqual([401, expect.objectContaining({ title: 'Unauthorized' })]);
    expect(await ask('GET', '/unknown', badge)).toEqual([
      404,
      expect.objectContaining({ message: 'Cannot GET /unknown' }),
    ]);
  });

  test('onDenied gives a refusal to the filters of Nest', async () => {
    const ask = await open('with-filters.js');
    expect(await ask('GET', '/')).toEqual([401, { message: 'who are you?', statusCode: 401 }]);
  });

  test('the drop-in for AuthGuard decides where it stands', async () => {
    const ask = await open('drop-in.js');
    expect(await ask('GET', '/old')).toEqual([200, { by: 'whatever guards it today' }]);
    expect(await ask('GET', '/new')).toEqual([401, expect.objectContaining({ status: 401 })]);
    expect(await ask('GET', '/new', badge)).toEqual([200, { by: 'the chain' }]);
  });

  test('the handshake of the gateway is decided, and its messages', async () => {
    server = await DocumentedServer.start(guide.project.folder, 'gateway.js');
    const url = `${server.origin.replace('http', 'ws')}/news`;
    const [, refused] = await once(
      new WebSocket(url).on('error', () => undefined),
      'unexpected-response',
    );
    expect(refused.statusCode).toBe(401);
    const socket = new WebSocket(url, { headers: badge });
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'latest' }));
    const [message] = await once(socket, 'message');
    expect(JSON.parse(String(message))).toEqual({ event: 'latest', data: 'for alice' });
    socket.terminate();
  });

  test('the test with an overridden collaborator passes', async () => {
    const report = await guide.project.node(['--test', '--test-reporter=tap', 'orders.test.js']);
    expect(report).toMatch(/^# pass 1$/m);
  });
});
