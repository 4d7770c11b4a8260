import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { principalOf, upgradeSecurity } from '@sallyport/adapters/http';
import { ConfigurationError, type Decider, requireScopes, route, routes } from '@sallyport/core';
import { WebSocket, WebSocketServer } from 'ws';
import { alice, plain } from '../core/chain/scripted-handlers.js';
import { comparable } from '../rules/request-corpus.js';
import { DemoTokens, demoChain } from './demo-chain.js';
import { RawClient, requestText } from './raw-client.js';

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

describe('a WebSocket handshake is decided by the same chain as every request', () => {
  const tokens = new DemoTokens();
  let server: Server;
  let sockets: WebSocketServer;
  let port: number;

  beforeEach(async () => {
    sockets = new WebSocketServer({ noServer: true });
    sockets.on('connection', (socket, request) => {
      socket.on('message', (data) => socket.send(`${principalOf(request).subject}: ${data}`));
    });
    server = createServer((_request, response) => response.end('plain'));
    const secureUpgrade = upgradeSecurity(demoChain({}, tokens));
    const accept = secureUpgrade((request, socket, head, principal) => {
      expect(principalOf(request)).toBe(principal);
      sockets.handleUpgrade(request, socket, head, (accepted) => sockets.emit('connection', accepted, request));
    });
    const acceptOrders = secureUpgrade((request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (accepted) => sockets.emit('connection', accepted, request));
    }, requireScopes('orders:read'));
    server.on('upgrade', (request, socket, head) => {
      (request.url === '/orders' ? acceptOrders : accept)(request, socket, head);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  function dial(path: string, token?: string): WebSocket {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  }

  test.each(['now', 'later'])('one that is granted %s reaches the handler with its principal', async (kind) => {
    const socket = dial('/', `${kind}.alice`);
    await once(socket, 'open');
    socket.send('hello');
    expect(String((await once(socket, 'message'))[0])).toBe('alice: hello');
    socket.close();
    await once(socket, 'close');
  });

  test.each([
    ['/', undefined, 401],
    ['/', 'bad', 401],
    ['/', 'outage', 503],
    ['/', 'rejects', 500],
    ['/orders', 'later.bob', 403],
    ['/orders', 'now.bob', 403],
  ])('%s with %s is refused with %s before the handler hears of it', async (path, token, status) => {
    const socket = dial(path, token);
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(status);
    response.resume();
    await once(response, 'close');
    expect(sockets.clients.size).toBe(0);
  });

  test('a refused one gets a whole answer, and then its connection is closed', async () => {
    const client = await RawClient.connect(port);
    const answer = await client.send(requestText('GET', '/', HANDSHAKE)).answer();
    expect(answer).toMatchObject({ status: 401, statusLine: 'HTTP/1.1 401 Unauthorized' });
    expect(answer.lines).toEqual(
      expect.arrayContaining([
        'www-authenticate: Bearer realm="demo"',
        'www-authenticate: Basic realm="demo \\"accounts\\"", charset="UTF-8"',
        'Connection: close',
      ]),
    );
    expect(JSON.parse(answer.body)).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await client.rest()).toBe('');
    client.close();
  });

  test('a client that goes away during the decision ends it, and hurts nobody', async () => {
    const before = tokens.aborted;
    const client = await RawClient.connect(port);
    const handshake = [...HANDSHAKE, 'Authorization: Bearer held.alice'];
    const arrived = once(server, 'upgrade');
    client.send(requestText('GET', '/', handshake));
    const [, socket] = await arrived;
    client.socket.resetAndDestroy();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(tokens.aborted).toBe(before + 1);
    expect(sockets.clients.size).toBe(0);
  });

  test('the socket is handed over as it was found', async () => {
    const [listeners, handedOver] = await new Promise<[object, object]>((resolve) => {
      server.removeAllListeners('upgrade');
      const listenersOf = (socket: NodeJS.EventEmitter) =>
        Object.fromEntries(socket.eventNames().map((name) => [name, socket.listenerCount(name)]));
      let found: object = {};
      const secured = upgradeSecurity(demoChain())((_request, socket) => {
        resolve([found, listenersOf(socket)]);
        socket.destroy();
      });
      server.on('upgrade', (request, socket, head) => {
        found = listenersOf(socket);
        secured(request, socket, head);
      });
      dial('/', 'later.alice').on('error', () => {});
    });
    expect(handedOver).toEqual(listeners);
  });

  test('a handshake behind a request that is not answered yet closes the connection instead of mixing answers', async () => {
    server.removeAllListeners('request');
    const client = await RawClient.connect(port);
    client.send(requestText('GET', '/slow') + requestText('GET', '/', HANDSHAKE));
    expect(await client.rest()).toBe('');
    client.close();
  });

  test('options are checked, and preflights are none of its business', () => {
    const options: object = { allowPreflight: true };
    expect(() => upgradeSecurity(demoChain(), options)).toThrow(ConfigurationError);
    expect(() => upgradeSecurity(demoChain(), { trustedHops: 1.5 })).toThrow(ConfigurationError);
  });

  const overBodies = { ...plain('signed'), verifyBody: () => alice() };

  test('a chain that asks for the body of a GET request is refused when it is mounted: upgrades have none', () => {
    const operations = (method: string) => routes([route(method, '/hook', { requirement: overBodies })]);
    expect(() => upgradeSecurity(demoChain({ requirement: overBodies }))).toThrow('verifyBody');
    expect(() => upgradeSecurity(demoChain({ operations: operations('GET') }))).toThrow('verifyBody');
    expect(() => upgradeSecurity(demoChain({ operations: operations('POST') }))).not.toThrow();
    expect(() => upgradeSecurity(demoChain())(() => {}, overBodies)).toThrow('verifyBody');
  });

  test('a decider that does not tell beforehand that it asks for bodies has such requests refused', async () => {
    server.removeAllListeners('upgrade');
    const chain = demoChain({ requirement: overBodies });
    const decider: Decider = {
      decide: (request) => chain.decide(request),
      authorize: (...given) => chain.authorize(...given),
      covers: (...given) => chain.covers(...given),
    };
    const secureUpgrade = upgradeSecurity(decider);
    server.on(
      'upgrade',
      secureUpgrade(() => {}),
    );
    const client = await RawClient.connect(port);
    const answer = await client.send(requestText('GET', '/', [...HANDSHAKE, 'X-Signed: it'])).answer();
    expect(answer.status).toBe(500);
    client.close();
  });

  test('the application may leave a refusal to the adapter', async () => {
    const plain = upgradeSecurity(demoChain());
    const asking = upgradeSecurity(demoChain(), { onDenied: (_denied, _request, _response, answer) => answer() });
    const answers = [];
    for (const secureUpgrade of [plain, asking]) {
      server.removeAllListeners('upgrade');
      server.on(
        'upgrade',
        secureUpgrade(() => {}),
      );
      const client = await RawClient.connect(port);
      answers.push(comparable(await client.send(requestText('GET', '/', HANDSHAKE)).answer()));
      client.close();
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ statusLine: 'HTTP/1.1 401 Unauthorized' });
  });

  test('the application may answer a refusal itself', async () => {
    server.removeAllListeners('upgrade');
    const secureUpgrade = upgradeSecurity(demoChain(), {
      onDenied: (denied, _request, response) =>
        response.writeHead(denied.status, { 'x-own': 'yes', 'content-length': 3 }).end('own'),
    });
    server.on(
      'upgrade',
      secureUpgrade(() => {}),
    );
    const client = await RawClient.connect(port);
    const answer = await client.send(requestText('GET', '/', HANDSHAKE)).answer();
    expect(answer).toMatchObject({ status: 401, body: 'own' });
    expect(answer.lines).toContain('x-own: yes');
    expect(await client.rest()).toBe('');
    client.close();
  });
});
