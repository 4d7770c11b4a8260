import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { type ClientHttp2Stream, connect, createSecureServer, type Http2ServerRequest } from 'node:http2';
import { Duplex, type Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { NO_PROXIES, type NodeRequest, NodeRequestSource, type NodeResponse } from '@sallyport/adapters/extend';
import { httpSecurity } from '@sallyport/adapters/http';
import { type DecisionEvent, SecurityChain } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { connectedTo } from '../../packages/core/src/testing/rules/adapter/http2-wire.js';
import { BODY_SERVERS, seen } from './body-servers.js';
import { signatureOf, signatures } from './body-signatures.js';
import { chunked } from './body-wire.js';
import { type DemoServer, listening } from './demo-servers.js';
import { RawClient, requestText } from './raw-client.js';
import { testCertificate } from './test-certificate.js';

const LIMIT = 1_000;
const STREAM = 'Content-Type: application/x-stream';
const HELLO = [signatureOf('hello'), STREAM, 'Content-Length: 5'];

/** Tells what the chain does, so that tests can wait for it. */
class Heard extends EventEmitter {
  readonly clock = new ManualClock();
  readonly reasons: (string | undefined)[] = [];
  readonly chain: SecurityChain;

  constructor() {
    super();
    const verify = () => {
      this.emit('verified');
      return signatures().verify('', undefined as never);
    };
    const tell = ({ reason }: DecisionEvent) => {
      this.reasons.push(reason);
      this.emit('decided');
    };
    this.chain = new SecurityChain(
      { requirement: { ...signatures(), verify }, maxBodyBytes: LIMIT, deadlineMs: 1_000 },
      { clock: this.clock, listeners: [tell] },
    );
  }
}

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));
afterEach(() => expect(unhandled).toEqual([]));

describe.each(BODY_SERVERS.filter(({ protocol }) => protocol !== 'h2'))('on a connection of $name', (row) => {
  let heard: Heard;
  let server: DemoServer;
  const clients: RawClient[] = [];
  beforeAll(async () => {
    heard = new Heard();
    server = await row.open(heard.chain);
  });
  afterEach(() => {
    heard.reasons.length = 0;
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => server.close());

  async function dial(): Promise<RawClient> {
    const client = await RawClient.connect(server.port, row.protocol);
    clients.push(client);
    return client;
  }

  async function expectServed(client: RawClient): Promise<void> {
    const answer = await client.send(requestText('POST', '/iterated', HELLO, 'hello')).answer();
    expect(answer).toMatchObject({ status: 200, body: seen('hello') });
  }

  test('bodies that are sent at once are kept apart [RFC 9112 9.3.2]', async () => {
    const client = await dial();
    const large = 'a'.repeat(LIMIT + 1);
    const parts = [
      requestText('POST', '/iterated', HELLO, 'hello'),
      requestText('POST', '/unread', HELLO, 'hello'),
      requestText('POST', '/iterated', [signatureOf(large), STREAM, `Content-Length: ${large.length}`], large),
      requestText('POST', '/events', [signatureOf('you'), STREAM, 'Transfer-Encoding: chunked'], chunked('you', [1])),
    ];
    client.send(parts.join(''));
    const answers = [];
    for (const _part of parts) answers.push(await client.answer());
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 413, 200]);
    expect(answers.map(({ body }) => body)).toMatchObject({ 0: seen('hello'), 1: 'unread', 3: seen('you') });
  });

  test('a body that comes in pieces is waited for', async () => {
    const client = await dial();
    const verified = once(heard, 'verified');
    client.send(requestText('POST', '/iterated', HELLO, 'he'));
    await verified;
    client.send('llo');
    expect(await client.answer()).toMatchObject({ status: 200, body: seen('hello') });
  });

  test('a client that waits to be asked for its body is asked [RFC 9110 10.1.1]', async () => {
    const client = await dial();
    client.send(requestText('POST', '/iterated', [...HELLO, 'Expect: 100-continue']));
    expect(await client.answer()).toMatchObject({ status: 100 });
    client.send('hello');
    expect(await client.answer()).toMatchObject({ status: 200, body: seen('hello') });
  });

  test('a length that is too large is refused before any of it has come: 413 [RFC 9110 15.5.14]', async () => {
    const client = await dial();
    client.send(requestText('POST', '/iterated', [signatureOf(''), 'Content-Length: 1001']));
    expect(await client.answer()).toMatchObject({ status: 413 });
    expect(heard.reasons).toEqual(['body_too_large']);
  });

  test('a body that is too large is refused before all of it has come, and the rest is no request', async () => {
    const client = await dial();
    const lines = [signatureOf(''), 'Transfer-Encoding: chunked'];
    client.send(requestText('POST', '/iterated', lines, `7d0\r\n${'a'.repeat(1_500)}`));
    expect(await client.answer()).toMatchObject({ status: 413 });
    client.send(`${'a'.repeat(500)}\r\n0\r\n\r\n`);
    await expectServed(client);
  });

  test('a body that comes too slowly is 408, and the rest of it is no request [RFC 9110 15.5.9]', async () => {
    const client = await dial();
    const verified = once(heard, 'verified');
    client.send(requestText('POST', '/iterated', HELLO, 'he'));
    await verified;
    heard.clock.pass(1);
    expect(await client.answer()).toMatchObject({ status: 408 });
    client.send('llo');
    await expectServed(client);
  });

  const broken: readonly (readonly [string, readonly string[], string])[] = [
    ['shorter than declared', [signatureOf('he'), STREAM, 'Content-Length: 5'], 'he'],
    ['without its last chunk', [signatureOf('he'), STREAM, 'Transfer-Encoding: chunked'], '2\r\nhe\r\n'],
    ['of no bytes, where some were declared', [signatureOf(''), STREAM, 'Content-Length: 5'], ''],
  ];
  test.each(broken)('a body %s, whose client goes, is decided about by nobody', async (_what, lines, body) => {
    for (const end of ['destroy', 'end'] as const) {
      const client = await dial();
      const verified = once(heard, 'verified');
      const decided = once(heard, 'decided');
      client.send(requestText('POST', '/iterated', lines, body));
      await verified;
      client.socket[end]();
      await decided;
      expect(heard.reasons.splice(0)).toEqual(['client_gone']);
    }
    await expectServed(await dial());
  });

  test('a chunk that is none ends the connection, and is not decided about [RFC 9112 7.1]', async () => {
    const client = await dial();
    const decided = once(heard, 'decided');
    client.send(requestText('POST', '/iterated', [signatureOf('he'), 'Transfer-Encoding: chunked'], '2\r\nhe\r\nzz'));
    expect(await client.rest()).not.toMatch(/^HTTP\/1.1 [23]/);
    await decided;
    expect(heard.reasons).toEqual(['client_gone']);
    await expectServed(await dial());
  });

  test('a body is as long as declared, whatever comes behind it', async () => {
    const client = await dial();
    const next = requestText('POST', '/iterated', HELLO, 'hello');
    client.send(requestText('POST', '/iterated', [signatureOf(next), STREAM, 'Content-Length: 3'], `hel${next}`));
    expect(await client.answer()).toMatchObject({ status: 401 });
    expect(await client.answer()).toMatchObject({ status: 200, body: seen('hello') });
  });
});

describe('on streams of HTTP/2', () => {
  let heard: Heard;
  let server: DemoServer;
  let session: ReturnType<typeof connect>;
  beforeAll(async () => {
    heard = new Heard();
    const [http2] = BODY_SERVERS.filter(({ protocol }) => protocol === 'h2');
    server = await (http2 as (typeof BODY_SERVERS)[number]).open(heard.chain);
    const socket = await connectedTo(server.port);
    session = connect('https://localhost', { createConnection: () => socket });
  });
  afterEach(() => void heard.reasons.splice(0));
  afterAll(async () => {
    session.destroy();
    await server.close();
  });

  function begin(body: string, fields: object = {}): ClientHttp2Stream {
    const head = { ':method': 'POST', ':path': '/iterated', 'x-signature': signatureOf(body).slice(13) };
    return session.request({ ...head, ...fields }).on('error', () => {});
  }

  async function statusOf(stream: ClientHttp2Stream): Promise<unknown> {
    const [headers] = (await once(stream, 'response')) as [object];
    stream.resume();
    return (headers as Record<string, unknown>)[':status'];
  }

  test('a client that waits to be asked for its body is asked [RFC 9110 10.1.1]', async () => {
    const stream = begin('hello', { expect: '100-continue' });
    await once(stream, 'continue');
    stream.end('hello');
    expect(await statusOf(stream)).toBe(200);
  });

  test('a body that is too large is refused before all of it has come, and other streams go on', async () => {
    const stream = begin('');
    stream.write('a'.repeat(LIMIT + 1));
    expect(await statusOf(stream)).toBe(413);
    const next = begin('hello');
    next.end('hello');
    expect(await statusOf(next)).toBe(200);
    stream.end();
  });

  test('a body that comes too slowly is 408', async () => {
    const verified = once(heard, 'verified');
    const stream = begin('hello');
    stream.write('he');
    await verified;
    heard.clock.pass(1);
    expect(await statusOf(stream)).toBe(408);
    stream.end();
  });

  test.each<readonly [string, object, (stream: ClientHttp2Stream) => void]>([
    ['is shorter than declared', { 'content-length': 5 }, (stream) => void stream.end('he')],
    ['is longer than declared', { 'content-length': 1 }, (stream) => void stream.end('he')],
  ])('a body that %s is decided about by nobody [RFC 9113 8.1.1]', async (_what, fields, send) => {
    const decided = once(heard, 'decided');
    send(begin('he', fields));
    await decided;
    expect(heard.reasons).toEqual(['client_gone']);
  });

  /** `RST_STREAM` with `CANCEL` or `NO_ERROR` (RFC 9113 6.4). */
  const reset = (id = 0, code = 0) => Buffer.of(0, 0, 4, 3, 0, 0, 0, 0, id, 0, 0, 0, code);

  test.each<readonly [string, (socket: Duplex, stream: ClientHttp2Stream) => void]>([
    ['is reset', (socket, { id }) => void socket.write(reset(id, 8))],
    ['is reset without an error', (socket, { id }) => void socket.write(reset(id))],
    ['breaks off with its connection', (socket) => void socket.destroy()],
  ])('a body that %s is no body, though its signature is good [RFC 9113 8.1.1]', async (_what, breakOff) => {
    const socket = await connectedTo(server.port);
    const tunnel = new Duplex({ read: () => {}, write: (chunk, _encoding, done) => socket.write(chunk, done) });
    socket.on('data', (chunk) => tunnel.push(chunk));
    const own = connect('https://localhost', { createConnection: () => tunnel }).on('error', () => {});
    const [verified, decided] = [once(heard, 'verified'), once(heard, 'decided')];
    const head = { ':method': 'POST', ':path': '/iterated', 'x-signature': signatureOf('he').slice(13) };
    const stream = own.request(head).on('error', () => {});
    stream.write('he');
    await verified;
    breakOff(socket, stream);
    await decided;
    own.destroy();
    socket.destroy();
    expect(heard.reasons).toEqual(['client_gone']);
  });
});

test('a stream of HTTP/2 that was reset before its body is read has none [RFC 9113 8.1.1]', async () => {
  const http2 = createSecureServer(await testCertificate());
  const asked = once(http2, 'request');
  const server = await listening(http2);
  const socket = await connectedTo(server.port);
  const session = connect('https://localhost', { createConnection: () => socket }).on('error', () => {});
  try {
    session
      .request({ ':method': 'POST' })
      .on('error', () => {})
      .write('he');
    const [request] = (await asked) as [Http2ServerRequest];
    const source = new NodeRequestSource(request, undefined, NO_PROXIES);
    const closed = once(request, 'close');
    socket.destroy();
    await closed;
    expect(await source.body(LIMIT, new AbortController().signal)).toBe('broken_off');
  } finally {
    await server.close();
  }
});

describe('where the application itself answers Expect', () => {
  const heard = new Heard();
  const listener = httpSecurity(heard.chain)((request: NodeRequest, response: NodeResponse) => {
    void (async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request as Readable) chunks.push(chunk);
      response.end(seen(Buffer.concat(chunks)));
    })();
  });
  const waiting = (signed: string, length = 5) =>
    requestText('POST', '/', [signatureOf(signed), `Content-Length: ${length}`, 'Expect: 100-continue']);

  test('a client is asked for its body only where the chain needs it [RFC 9110 10.1.1]', async () => {
    const server = await listening(createServer().on('checkContinue', listener));
    const client = await RawClient.connect(server.port);
    try {
      client.send(waiting('hello'));
      expect(await client.answer()).toMatchObject({ status: 100 });
      expect(await client.send('hello').answer()).toMatchObject({ status: 200 });
      expect(await client.send(waiting('hello', LIMIT + 1)).answer()).toMatchObject({ status: 413 });
    } finally {
      client.close();
      await server.close();
    }
  });

  test('so it is in HTTP/2', async () => {
    const secure = createSecureServer(await testCertificate(), listener);
    const server = await listening(secure.on('checkContinue', listener as never));
    const socket = await connectedTo(server.port);
    const session = connect('https://localhost', { createConnection: () => socket });
    try {
      const stream = session.request({
        ':method': 'POST',
        'x-signature': signatureOf('hello').slice(13),
        expect: '100-continue',
      });
      await once(stream, 'continue');
      stream.end('hello');
      const [headers] = (await once(stream, 'response')) as [object];
      expect(headers).toMatchObject({ ':status': 200 });
      stream.resume();
      await once(stream, 'close');
    } finally {
      session.destroy();
      await server.close();
    }
  });
});
