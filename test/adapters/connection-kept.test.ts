import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import type { Verdict } from '@sallyport/core';
import { type Connection, keepOnConnection, SecurityRequest } from '@sallyport/core/extend';
import { DemoTokens, demoChain } from './demo-chain.js';
import { ADAPTERS, type DemoServer } from './demo-servers.js';
import { askHttp2 } from './http2-client.js';
import { RawClient, requestText } from './raw-client.js';

const LINES = ['Authorization: Bearer now.alice'];

/** Notes on which connection the chain may keep something. */
class NotingTokens extends DemoTokens {
  readonly connections: (Connection | undefined)[] = [];

  override verify(token: string, request: SecurityRequest): Verdict | Promise<Verdict> {
    this.connections.push(SecurityRequest.connectionOf(request));
    return super.verify(token, request);
  }
}

let server: DemoServer | undefined;
afterEach(() => server?.close());

describe('the connection on which a bearer header may be kept is', () => {
  const rows = ADAPTERS.filter(({ protocol }) => protocol !== 'h2').map(({ name, ...row }) => [name, row] as const);

  test.each(rows)('that of the client, the same for all of its requests: %s', async (_name, row) => {
    const tokens = new NotingTokens();
    server = await row.open(demoChain({}, tokens));
    for (let count = 0; count < 2; count += 1) {
      const client = await RawClient.connect(server.port, row.protocol);
      for (const path of ['/', '/other']) {
        const answer = await client.send(requestText('GET', path, LINES)).answer();
        expect(answer.body).toBe('GET by alice');
      }
      client.close();
    }
    const [first, again, ofAnother, ofAnotherAgain] = tokens.connections;
    expect(first).toBeDefined();
    expect(again).toBe(first);
    expect(ofAnother).not.toBe(first);
    expect(ofAnotherAgain).toBe(ofAnother);
  });

  test('none of HTTP/2, over which a proxy sends the requests of many clients at once', async () => {
    const tokens = new NotingTokens();
    server = await ADAPTERS.find(({ protocol }) => protocol === 'h2')?.open(demoChain({}, tokens));
    await askHttp2(server?.port ?? 0, { method: 'GET', target: '/', lines: LINES, body: '' });
    expect(tokens.connections).toEqual([undefined]);
  });

  test('none of an upgrade, whose connection has no further request', async () => {
    const tokens = new NotingTokens();
    server = await ADAPTERS.find(({ name }) => name === 'node:http')?.open(demoChain({}, tokens));
    const client = await RawClient.connect(server?.port ?? 0);
    client.send(requestText('GET', '/', [...LINES, 'Connection: Upgrade', 'Upgrade: rules']));
    expect(await client.rest()).toContain('101 Switching Protocols');
    expect(tokens.connections).toEqual([undefined]);
  });

  test('left without what earlier requests of it have kept, once it is upgraded', async () => {
    const kept: (boolean | undefined)[] = [];
    class KeepingTokens extends DemoTokens {
      override verify(token: string, request: SecurityRequest): Verdict | Promise<Verdict> {
        keepOnConnection(token, request);
        return super.verify(token, request);
      }
    }
    server = await ADAPTERS.find(({ name }) => name === 'node:http')?.open(demoChain({}, new KeepingTokens()));
    const sockets: Socket[] = [];
    const noteSocket = (message: unknown) => void sockets.push((message as { socket: Socket }).socket);
    subscribe('net.server.socket', noteSocket);
    try {
      const client = await RawClient.connect(server?.port ?? 0);
      const keeps = () => {
        const [socket] = sockets;
        const [symbol] = Object.getOwnPropertySymbols(socket).filter((each) => /sallyport/.test(String(each)));
        kept.push(Boolean(symbol && (socket as unknown as Record<symbol, unknown>)[symbol]));
      };
      await client.send(requestText('GET', '/', LINES)).answer();
      keeps();
      client.send(requestText('GET', '/', [...LINES, 'Connection: Upgrade', 'Upgrade: rules']));
      expect(await client.rest()).toContain('101 Switching Protocols');
      keeps();
    } finally {
      unsubscribe('net.server.socket', noteSocket);
    }
    expect(kept).toEqual([true, false]);
  });

  test('none where a Request is all that there is', async () => {
    const tokens = new NotingTokens();
    const secured = fetchSecurity(demoChain({}, tokens))(() => new Response('let in'));
    const answer = await secured(new Request('http://localhost/', { headers: { authorization: 'Bearer now.alice' } }));
    expect(answer.status).toBe(200);
    expect(tokens.connections).toEqual([undefined]);
  });
});
