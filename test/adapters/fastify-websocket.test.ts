import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import websocket from '@fastify/websocket';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fastifySecurity, leaseOf, principalOf } from '@sallyport/adapters/fastify';
import Fastify, { type FastifyInstance } from 'fastify';
import { WebSocket } from 'ws';
import { LeaseSetting } from '../core/leases/lease-fixture.js';
import { ENDINGS, until } from './socket-endings.js';

describe('a WebSocket of @fastify/websocket', () => {
  let setting: LeaseSetting;
  let app: FastifyInstance;
  let handled: number;

  beforeEach(async () => {
    setting = new LeaseSetting({ banning: true });
    setting.tokens.users.set('alice', { expiresAt: setting.now + 60 });
    handled = 0;
    app = Fastify({ forceCloseConnections: true });
    await app.register(websocket);
    await app.register(fastifySecurity(setting.chain).plugin);
    app.get('/', { websocket: true }, (socket, request) => {
      handled += 1;
      leaseOf(request, { closes: socket, recheckSeconds: 10 });
      socket.on('message', (message) => socket.send(`${principalOf(request).subject}: ${message}`));
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(async () => {
    await app.close();
    setting.close();
  });

  const connected = (token: string) => {
    const { port } = app.server.address() as AddressInfo;
    return new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` } });
  };

  async function dial(token: string): Promise<WebSocket> {
    const socket = connected(token);
    await once(socket, 'open');
    return socket;
  }

  async function answerTo(socket: WebSocket, text: string): Promise<string> {
    const answered = once(socket, 'message');
    socket.send(text);
    return String((await answered)[0]);
  }

  test('is opened by a good token alone: a bad one gets 401 at the handshake (RFC 6455 4.2.2)', async () => {
    await setting.revocations.revokeToken('mallory');
    const socket = connected('mallory');
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect([response.statusCode, response.headers['www-authenticate']]).toEqual([
      401,
      expect.stringMatching(/^Bearer /),
    ]);
    response.destroy();
    expect([handled, setting.chain.leases.active]).toEqual([0, 0]);
  });

  test.each(ENDINGS)(
    '%s: is closed with %s and the reason, and others go on (RFC 6455 7.4)',
    async (end, code, act) => {
      const [socket, other] = [await dial('alice'), await dial('bob')];
      expect(await answerTo(socket, 'hello')).toBe('alice: hello');
      const closed = once(socket, 'close');
      await act(setting);
      const [told, reason] = await closed;
      expect([told, String(reason)]).toEqual([code, end]);
      if (end !== 'closed') expect(await answerTo(other, 'still here')).toBe('bob: still here');
      other.close();
      await until(() => setting.chain.leases.active === 0);
    },
  );

  test.each(['closes', 'is reset'])('a client that %s releases the lease at once', async (how) => {
    const socket = await dial('alice');
    expect(await answerTo(socket, 'hello')).toBe('alice: hello');
    expect(setting.chain.leases.active).toBe(1);
    if (how === 'closes') socket.close();
    else socket.terminate();
    await until(() => setting.chain.leases.active === 0);
    expect(setting.chain.leases).toMatchObject({ released: 1 });
    expect([setting.events, setting.clock.waiting]).toEqual([[], 0]);
  });
});
