import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { WebSocket } from 'ws';
import { DocumentedServer } from './documented-server.js';
import { openGuide } from './open-guide.js';

const TOKEN = /Bearer ([\w.-]+)'/;

describe('docs/leases.md', () => {
  const guide = openGuide('docs/leases.md');
  let server: DocumentedServer;
  afterEach(() => server?.stop());

  const open = async (file: string) => {
    server = await DocumentedServer.start(guide.project.folder, file);
    const authorization = `Bearer ${await server.printed(TOKEN)}`;
    return { authorization, events: () => request(`${server.origin}/events`, { headers: { authorization } }) };
  };

  test.each(['http-events.js', 'express-events.js', 'koa-events.js', 'fastify-events.js', 'hono-events.js'])(
    'the stream of %s ends when its user logs out',
    async (file) => {
      const { authorization, events } = await open(file);
      const { statusCode, body } = await events();
      expect(statusCode).toBe(200);
      const text = body.text();
      const left = await request(`${server.origin}/log-out`, { headers: { authorization } });
      expect(left.statusCode).toBeLessThan(300);
      expect(await text).toMatch(/^(?:data: tick\n\n)*$/);
      expect((await events()).statusCode).toBe(401);
    },
  );

  test.each(['sockets.js', 'fastify-sockets.js'])(
    'a WebSocket of %s is closed with its code when its user is revoked',
    async (file) => {
      const { authorization } = await open(file);
      const socket = new WebSocket(server.origin.replace('http', 'ws'), { headers: { authorization } });
      await once(socket, 'message');
      socket.send('log me out');
      const [code, reason] = await once(socket, 'close');
      expect([code, String(reason)]).toEqual([4401, 'revoked']);
    },
  );

  test('the options: a last message before the end, and the event', async () => {
    const { events } = await open('with-options.js');
    expect(await (await events()).body.text()).toBe('data: alice\n\nevent: bye\ndata: closed\n\n');
    expect(await server.printed(/^(closed) undefined alice [\d.]+$/)).toBe('closed');
  });
});
