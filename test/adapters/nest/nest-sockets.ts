import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type INestApplication, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentPrincipal,
  Guarded,
  Public,
  principalOf,
  RequireScopes,
  SallyportGuard,
} from '@sallyport/adapters/nest';
import type { Principal } from '@sallyport/core';
import { io } from 'socket.io-client';
import { demoChain } from '../demo-chain.js';
import { closeAll, open, PLATFORMS } from './nest-applications.js';

@WebSocketGateway({ transports: ['websocket'] })
@UseGuards(SallyportGuard)
class Chat {
  static connected: string[] = [];
  handleConnection({ request }: { readonly request: IncomingMessage }) {
    Chat.connected.push(principalOf(request).subject);
  }
  @SubscribeMessage('who') who(@CurrentPrincipal() { subject }: Principal) {
    return subject;
  }
  @SubscribeMessage('purge') @RequireScopes('never') purge() {
    return 'purged';
  }
  @SubscribeMessage('closed') @Public() @Guarded(() => false) closed() {
    return 'let in';
  }
}

@WebSocketGateway({ namespace: '/orders', transports: ['websocket'] })
@UseGuards(SallyportGuard)
class Orders {
  @SubscribeMessage('list') @RequireScopes('orders:read') list(@CurrentPrincipal() { subject }: Principal) {
    return `orders of ${subject}`;
  }
}

@WebSocketGateway()
@UseGuards(SallyportGuard)
class Polled {
  @SubscribeMessage('who') who(@CurrentPrincipal() { subject }: Principal) {
    return { event: 'who', data: subject };
  }
}

const PATH = '/socket.io/?EIO=4';

/** Gateways over socket.io: its clients share handshakes, and may poll. */
export function nestSockets(version: number): void {
  afterEach(closeAll);

  describe.each(PLATFORMS)(`gateways of Nest ${version} over socket.io on %s`, (platform) => {
    const prepare = (application: INestApplication) => application.useWebSocketAdapter(new IoAdapter(application));
    const opened = (...providers: (new () => object)[]) =>
      open(platform, { chain: demoChain() }, { providers }, prepare);

    /** What comes back for a message, or why nothing does. */
    const asked = (port: number, namespace: string, event: string, authorization?: string, transport = 'websocket') =>
      new Promise<unknown>((resolve) => {
        const extraHeaders = authorization === undefined ? {} : { authorization };
        const socket = io(`http://127.0.0.1:${port}${namespace}`, {
          extraHeaders,
          transports: [transport],
          reconnection: false,
          forceNew: true,
        });
        const end = (answer: unknown) => {
          socket.close();
          resolve(answer);
        };
        socket.on('connect', () => socket.emit(event, {}, end));
        socket.on('exception', ({ message }) => end(message));
        socket.on('connect_error', () => end('no connection'));
      });

    test('a handshake needs what the chain requires, and a message what its method needs of it', async () => {
      const { port } = await opened(Chat, Orders);
      Chat.connected = [];
      expect(await asked(port, '', 'who')).toBe('no connection');
      expect(await asked(port, '/orders', 'list')).toBe('no connection');
      expect(await asked(port, '', 'who', 'Bearer now.alice', 'polling')).toBe('no connection');
      expect(Chat.connected).toEqual([]);
      expect(await asked(port, '', 'who', 'Bearer later.alice')).toBe('alice');
      expect(Chat.connected).toEqual(['alice']);
      expect(await asked(port, '', 'purge', 'Bearer now.alice')).toBe('Forbidden resource');
      expect(await asked(port, '', 'closed', 'Bearer now.alice')).toBe('Forbidden resource');
      expect(await asked(port, '/orders', 'list', 'Bearer now.alice')).toBe('orders of alice');
      expect(await asked(port, '/orders', 'list', 'Bearer now.bob')).toBe('Forbidden resource');
    });

    test('a client that polls is not who opens a socket on the connection of its proxy later', async () => {
      const options = { chain: demoChain(), allowUnguarded: true };
      const { port } = await open(platform, options, { providers: [Polled] }, prepare);
      expect(await asked(port, '', 'who', 'Bearer now.alice', 'polling')).toBe('Internal server error');
      const proxied = connect(port, '127.0.0.1');
      proxied.write(`GET ${PATH}&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n`);
      const [, session] = await received(proxied, /"sid":"([^"]+)"/);
      proxied.write(
        `GET ${PATH}&transport=websocket HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer now.alice\r\nConnection: Upgrade\r\n` +
          'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      await received(proxied, /HTTP\/1\.1 101/);
      const polling = `http://127.0.0.1:${port}${PATH}&transport=polling&sid=${session}`;
      const post = (body: string) =>
        fetch(polling, { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } });
      const poll = async () => (await fetch(polling)).text();
      await post('40');
      expect(await poll()).toMatch(/^40/);
      await post('42["who",{}]');
      expect(await poll()).toMatch(/^42\["exception"/);
      proxied.destroy();
    });

    test('a gateway that lets clients poll is an error at start', async () => {
      @WebSocketGateway({ transports: ['polling', 'websocket'] })
      class Both {}
      await expect(opened(Both)).rejects.toThrow(/Both lets clients poll/);
      await expect(opened(Polled)).rejects.toThrow(/transports: \['websocket'\]/);
    });

    test('decorators at the class of a gateway are an error at start: nobody is asked for them', async () => {
      @RequireScopes('never')
      class Base {}
      @WebSocketGateway({ namespace: '/admin', transports: ['websocket'] })
      @UseGuards(SallyportGuard)
      class Admin extends Base {}
      @WebSocketGateway({ transports: ['websocket'] })
      @Public()
      class Open {}
      await expect(opened(Admin)).rejects.toThrow(/Admin has decorators at its class/);
      await expect(opened(Open)).rejects.toThrow(/Open has decorators at its class/);
    });
  });
}

/** Reads until this has come. */
async function received(socket: Socket, pattern: RegExp): Promise<RegExpExecArray> {
  let text = '';
  for (;;) {
    const found = pattern.exec(text);
    if (found !== null) return found;
    const [bytes] = await once(socket, 'data');
    text += String(bytes);
  }
}
