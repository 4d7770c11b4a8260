import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LeaseOptions, leaseOf, upgradeSecurity } from '@sallyport/adapters/http';
import type { Lease } from '@sallyport/core';
import { WebSocket, WebSocketServer } from 'ws';
import { LeaseSetting } from '../core/leases/lease-fixture.js';
import { RawClient, requestText } from './raw-client.js';
import { ENDINGS, until } from './socket-endings.js';

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Authorization: Bearer alice',
];

describe('an upgraded connection ends with its lease', () => {
  let setting: LeaseSetting;
  let server: Server;
  let sockets: WebSocketServer;
  let accepted: Duplex[];
  let leases: Lease[];
  let port: number;
  /** What the server does with an upgrade. */
  let accept: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

  const lease = (request: IncomingMessage, options: LeaseOptions = {}) => {
    leases.push(leaseOf(request, { recheckSeconds: 10, ...options }));
  };
  const asWebSocket =
    (options: LeaseOptions = {}) =>
    (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        lease(request, { closes: webSocket, ...options });
        webSocket.on('message', (message) => webSocket.send(`echo ${message}`));
      });

  beforeEach(async () => {
    setting = new LeaseSetting({ banning: true });
    setting.tokens.users.set('alice', { expiresAt: setting.now + 60 });
    sockets = new WebSocketServer({ noServer: true });
    [accepted, leases, accept] = [[], [], asWebSocket()];
    server = createServer();
    const secured = upgradeSecurity(setting.chain)((request, socket, head) => {
      accepted.push(socket);
      accept(request, socket, head);
    });
    server.on('upgrade', secured).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const socket of sockets.clients) socket.terminate();
    for (const socket of accepted) socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    setting.close();
  });

  async function dial(token = 'alice'): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` } });
    await once(socket, 'open');
    return socket;
  }

  test.each(ENDINGS)(
    '%s: a WebSocket is closed with %s and the reason, and others go on (RFC 6455 7.4)',
    async (end, code, act) => {
      const [socket, other] = [await dial(), await dial('bob')];
      socket.send('hello');
      expect(String((await once(socket, 'message'))[0])).toBe('echo hello');
      const closed = once(socket, 'close');
      await act(setting);
      const [told, reason] = await closed;
      expect([told, String(reason)]).toEqual([code, end]);
      if (end !== 'closed') {
        other.send('still here');
        expect(String((await once(other, 'message'))[0])).toBe('echo still here');
      }
      other.close();
      await until(() => setting.chain.leases.active === 0);
    },
  );

  test('a WebSocket whose client does not answer the close is cut off after the grace', async () => {
    accept = asWebSocket({ graceSeconds: 0.1 });
    const client = await RawClient.connect(port);
    client.send(requestText('GET', '/', HANDSHAKE));
    await until(() => leases.length === 1);
    await setting.revocations.revokeToken('alice');
    expect(accepted[0]?.destroyed).toBe(false);
    await until(() => accepted[0]?.destroyed === true);
    client.close();
  });

  test.each(ENDINGS)('%s: a raw socket sends what was written, and is closed', async (_end, _code, act) => {
    accept = (request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\nready\n');
      lease(request, { onEnd: (end) => socket.write(`${end}\n`) });
    };
    const client = await RawClient.connect(port);
    client.send(requestText('GET', '/', HANDSHAKE));
    await until(() => leases.length === 1);
    await act(setting);
    expect(await client.rest()).toMatch(new RegExp(`ready\\n${leases[0]?.ended}\\n$`));
    await until(() => accepted[0]?.destroyed === true);
    client.close();
  });

  test('a raw socket whose client does not close its side is cut off after the grace', async () => {
    accept = (request, socket) => {
      // A duplex of another kind has no destroySoon.
      (socket as Partial<Socket>).destroySoon = undefined as never;
      lease(request, { graceSeconds: 0.1 });
    };
    const client = await RawClient.connect(port);
    client.socket.allowHalfOpen = true;
    client.send(requestText('GET', '/', HANDSHAKE));
    await until(() => leases.length === 1);
    await setting.chain.close();
    await until(() => accepted[0]?.destroyed === true);
    client.close();
  });

  test.each(['closes', 'is reset'])('a client that %s releases the lease at once', async (how) => {
    const socket = await dial();
    expect(setting.chain.leases.active).toBe(1);
    if (how === 'closes') socket.close();
    else socket.terminate();
    await until(() => setting.chain.leases.active === 0);
    expect(setting.chain.leases).toMatchObject({ released: 1 });
    expect([setting.events, setting.clock.waiting]).toEqual([[], 0]);
  });

  test('a lease that is taken when the socket is gone is released at once', async () => {
    accept = (request, socket) => {
      socket.destroy();
      lease(request);
    };
    const client = await RawClient.connect(port);
    client.send(requestText('GET', '/', HANDSHAKE));
    await until(() => leases.length === 1);
    await until(() => setting.chain.leases.active === 0);
    client.close();
  });
});
