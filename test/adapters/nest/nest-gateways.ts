import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type INestApplication, Inject, Module, UseGuards } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentPrincipal,
  Guarded,
  leaseOf,
  Public,
  RequireScopes,
  SallyportGuard,
  Secured,
} from '@sallyport/adapters/nest';
import { denied, headerHandler, type Principal } from '@sallyport/core';
import { WebSocket, WebSocketServer } from 'ws';
import { DemoTokens, demoChain } from '../demo-chain.js';
import { closeAll, open, PLATFORMS } from './nest-applications.js';

const keys = headerHandler({
  name: 'keys',
  header: 'X-Key',
  verify: (key) => (key === 'good' ? { subject: 'key-holder' } : denied('key_unknown')),
});

@WebSocketGateway()
@UseGuards(SallyportGuard)
class Chat {
  static connected = 0;
  handleConnection() {
    Chat.connected += 1;
  }
  @SubscribeMessage('who') who(@CurrentPrincipal() { subject }: Principal) {
    return { event: 'who', data: subject };
  }
  @SubscribeMessage('purge') @RequireScopes('never') purge() {
    return { event: 'purge', data: 'purged' };
  }
  @SubscribeMessage('closed') @Public() @Guarded(() => false) closed() {
    return { event: 'closed', data: 'let in' };
  }
  @SubscribeMessage('limited') @Public() @Guarded(() => true) limited() {
    return { event: 'limited', data: 'let in' };
  }
  @SubscribeMessage('end') @Public() end() {
    return { event: 'end', data: 'public' };
  }
}

@WebSocketGateway({ path: '/keyed' })
@Secured(keys)
class Keyed {
  @SubscribeMessage('who') who(@CurrentPrincipal() { subject }: Principal) {
    return { event: 'who', data: subject };
  }
}

@WebSocketGateway({ path: '/open' })
@Public()
class Open {
  @SubscribeMessage('who') who() {
    return { event: 'who', data: 'anybody' };
  }
  @SubscribeMessage('end') end() {
    return { event: 'end', data: 'public' };
  }
}

@WebSocketGateway({ path: '/leased' })
class Leased {
  handleConnection(client: WebSocket, request: IncomingMessage) {
    leaseOf(request, { closes: client });
  }
}

@WebSocketGateway({ path: '/scoped' })
@UseGuards(SallyportGuard)
class Scoped {
  @SubscribeMessage('who') who(@CurrentPrincipal() { subject }: Principal) {
    return { event: 'who', data: subject };
  }
  @SubscribeMessage('end') @Public() end() {
    return { event: 'end', data: 'public' };
  }
}

/** Where adapters keep what a request was granted. */
const PASSAGE = Symbol.for('@sallyport/adapters/passage');
interface Granted {
  readonly before?: Granted;
}

/** Gateways over `ws`: the handshake is decided, and messages need what their method needs of it. */
export function nestGateways(version: number): void {
  afterEach(closeAll);

  describe.each(PLATFORMS)(`gateways of Nest ${version} on %s`, (platform) => {
    const prepare = (application: Parameters<NonNullable<Parameters<typeof open>[3]>>[0]) =>
      application.useWebSocketAdapter(new WsAdapter(application));
    const connect = (port: number, path: string, headers: Record<string, string> = {}) =>
      new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    const authorization = 'Bearer now.alice';

    /** The status of a refused handshake, or 101. */
    const handshake = (port: number, path: string, headers?: Record<string, string>) =>
      new Promise<number>((resolve) => {
        const socket = connect(port, path, headers);
        socket.on('open', () => {
          socket.terminate();
          resolve(101);
        });
        socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
        socket.on('error', () => {});
      });

    /** What comes back for a message, before the answer to a last one. Nest 11 tells plain sockets of no exception. */
    const said = async (port: number, path: string, headers: Record<string, string>, event: string) => {
      const socket = connect(port, path, headers);
      await once(socket, 'open');
      const messages: { event: string; data: unknown }[] = [];
      const ended = new Promise<void>((resolve) => {
        socket.on('message', (message) => {
          messages.push(JSON.parse(String(message)));
          if (messages.at(-1)?.event === 'end') resolve();
        });
      });
      for (const each of [event, 'end']) socket.send(JSON.stringify({ event: each }));
      await ended;
      socket.terminate();
      return messages.filter((message) => !['exception', 'end'].includes(message.event));
    };

    test('a handshake needs what its gateway needs, and elsewhere what the chain requires', async () => {
      const tokens = new DemoTokens();
      const providers = [Chat, Keyed, Open];
      const { port } = await open(platform, { chain: demoChain({}, tokens) }, { providers }, prepare);
      const before = Chat.connected;
      expect([await handshake(port, '/'), await handshake(port, '/', { authorization: 'Bearer bad' })]).toEqual([
        401, 401,
      ]);
      expect(Chat.connected).toBe(before);
      expect(await handshake(port, '/', { authorization: 'Bearer later.alice' })).toBe(101);
      expect(await handshake(port, '/', { authorization: 'Bearer outage.a' })).toBe(503);
      expect(await handshake(port, '/keyed', { authorization })).toBe(401);
      expect(await handshake(port, '/keyed', { 'x-key': 'good' })).toBe(101);
      expect(await handshake(port, '/open')).toBe(101);
      expect(await handshake(port, '/unknown')).toBe(401);
      expect(await handshake(port, '/open/../keyed')).toBe(401);
    });

    test('a handshake with a server of another module is decided, too, whenever that begins to listen', async () => {
      const headers = { authorization };
      for (const hook of ['onModuleInit', 'onApplicationBootstrap'])
        for (const providers of [[], [Chat]]) {
          let accepted = 0;
          @Module({})
          class Listening {
            constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
              const listen = () =>
                new WebSocketServer({ server: host.httpAdapter.getHttpServer(), path: '/own' }).on('connection', () => {
                  accepted += 1;
                });
              Object.assign(this, { [hook]: () => void listen() });
            }
          }
          const prepared = providers.length === 0 ? undefined : prepare;
          const { port } = await open(platform, { chain: demoChain() }, { providers, imports: [Listening] }, prepared);
          expect(await handshake(port, '/own')).toBe(401);
          expect(await handshake(port, '/own', { authorization: 'Bearer bad' })).toBe(401);
          expect(accepted).toBe(0);
          if (providers.length > 0) continue;
          expect(await handshake(port, '/own', headers)).toBe(101);
          expect(accepted).toBe(1);
          // Of this server nobody takes it.
          expect(await handshake(port, '/elsewhere', headers)).toBe(400);
        }
    });

    test('without gateways, a chain that proves something over bodies lets no handshake through', async () => {
      let upgraded = 0;
      const proving = Object.assign(new DemoTokens(), { verifyBody: () => true });
      const prepareServer = (application: INestApplication) =>
        void (application.getHttpServer() as Server).on('upgrade', () => {
          upgraded += 1;
        });
      const { port } = await open(platform, { chain: demoChain({}, proving as never) }, {}, prepareServer);
      const socket = connect(port, '/own', { authorization });
      await once(socket, 'error');
      expect(upgraded).toBe(0);
    });

    test('a message needs what its method needs, of the handshake, which is verified once', async () => {
      const tokens = new DemoTokens();
      const { port } = await open(platform, { chain: demoChain({}, tokens) }, { providers: [Chat, Open] }, prepare);
      expect(await said(port, '/', { authorization }, 'who')).toEqual([{ event: 'who', data: 'alice' }]);
      expect(tokens.verified).toBe(1);
      expect(await said(port, '/', { authorization }, 'purge')).toEqual([]);
      expect(await said(port, '/open', {}, 'who')).toEqual([{ event: 'who', data: 'anybody' }]);
    });

    test('what a message needs without a guard at its gateway is an error at start', async () => {
      @WebSocketGateway()
      class Unguarded {
        @SubscribeMessage('purge') @RequireScopes('never') purge() {}
      }
      const opening = open(platform, { chain: demoChain() }, { providers: [Unguarded] }, prepare);
      await expect(opening).rejects.toThrow(/Unguarded.purge\(\) asks for something/);
    });

    test('the guards of a public message are asked', async () => {
      const { port } = await open(platform, { chain: demoChain() }, { providers: [Chat] }, prepare);
      expect(await said(port, '/', { authorization }, 'closed')).toEqual([]);
      expect(await said(port, '/', { authorization }, 'limited')).toEqual([{ event: 'limited', data: 'let in' }]);
    });

    test('what messages were granted does not pile up on their connection', async () => {
      let kept: { [PASSAGE]?: { readonly grant: Granted } } = {};
      @WebSocketGateway()
      @UseGuards(SallyportGuard)
      class Counted extends Chat {
        override handleConnection(_client?: unknown, request: object = {}) {
          kept = request;
        }
        @SubscribeMessage('other') @Guarded(() => true) other() {
          return { event: 'other', data: 1 };
        }
        @SubscribeMessage('keyed') @Secured(keys) keyed() {
          return { event: 'keyed', data: 1 };
        }
      }
      const tokens = new DemoTokens();
      const { port } = await open(platform, { chain: demoChain({}, tokens) }, { providers: [Counted] }, prepare);
      const socket = connect(port, '/', { authorization, 'x-key': 'good' });
      await once(socket, 'open');
      for (const event of ['limited', 'other', 'who', 'keyed', 'limited', 'keyed', 'who', 'other']) {
        socket.send(JSON.stringify({ event }));
        expect(JSON.parse(String((await once(socket, 'message'))[0]))).toMatchObject({ event });
      }
      socket.terminate();
      expect(kept[PASSAGE]?.grant.before?.before).toBeUndefined();
      expect(tokens.verified).toBe(1);
    });

    test('what a gateway needs where no guard is asked is an error at start', async () => {
      @WebSocketGateway()
      @UseGuards(SallyportGuard)
      class Hooked {
        @RequireScopes('never') handleConnection() {}
      }
      const opening = open(platform, { chain: demoChain() }, { providers: [Hooked] }, prepare);
      await expect(opening).rejects.toThrow(/Hooked.handleConnection\(\) asks for something/);
      const options = { chain: demoChain(), allowUnguarded: true };
      await expect(open(platform, options, { providers: [Keyed] }, prepare)).rejects.toThrow(
        /Keyed asks for something: put @UseGuards\(SallyportGuard\) at it/,
      );
    });

    test('a lease closes a connection with its status code', async () => {
      const { port, application } = await open(platform, { chain: demoChain() }, { providers: [Leased] }, prepare);
      const socket = connect(port, '/leased', { authorization });
      await once(socket, 'open');
      const closed = once(socket, 'close');
      await application.close();
      expect((await closed)[0]).toBe(1001);
    });

    test('a gateway with a port of its own is an error at start', async () => {
      @WebSocketGateway(65_000)
      class Elsewhere {}
      const opening = open(platform, { chain: demoChain() }, { providers: [Elsewhere] }, (application) =>
        application.useWebSocketAdapter({ ...noServer, create: () => noServer } as never),
      );
      await expect(opening).rejects.toThrow(/Elsewhere has a port of its own/);
    });

    test('with allowUnguarded only the guard of a gateway is asked, about messages', async () => {
      const providers = [Chat, Scoped];
      const { port } = await open(platform, { chain: demoChain(), allowUnguarded: true }, { providers }, prepare);
      expect(await handshake(port, '/')).toBe(101);
      expect(await said(port, '/scoped', { authorization }, 'who')).toEqual([{ event: 'who', data: 'alice' }]);
      expect(await said(port, '/scoped', {}, 'who')).toEqual([]);
    });
  });
}

/** An adapter, and a server of one, that open nothing. */
const noServer = { on() {}, bindClientConnect() {}, close() {}, dispose() {} };
