import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';

/** What the server says where nothing is wrong. */
export interface Document {
  readonly contentType: string;
  readonly body: string;
}

/** One fault: what happens to the request, given what the right answer would have been. */
type Misbehaviour = (response: ServerResponse, right: Document, server: FaultServer) => void | Promise<void>;

const LIMIT_BYTES = 100 * 1_024 * 1_024;
const CHUNK = Buffer.alloc(64 * 1_024, ' ');

const plain =
  (status: number, headers: Record<string, string> = {}, body?: string): Misbehaviour =>
  (response, right) => {
    response.writeHead(status, { 'content-type': right.contentType, ...headers }).end(body ?? right.body);
  };

/** Sends the right answer's head and a text. */
const body =
  (content: (right: Document) => string | Buffer): Misbehaviour =>
  (response, right) => {
    response.writeHead(200, { 'content-type': right.contentType }).end(content(right));
  };

/** Begins, and never ends: the test lets time pass. */
const hanging =
  (begin: (response: ServerResponse, right: Document) => void): Misbehaviour =>
  (response, right, server) => {
    begin(response, right);
    server.noteHanging();
  };

async function pour(response: ServerResponse, server: FaultServer, limitBytes: number): Promise<void> {
  const closed = once(response, 'close');
  for (let sent = 0; sent < limitBytes && !response.destroyed; sent += CHUNK.length) {
    const goesOn = response.write(CHUNK);
    server.bytesPoured += CHUNK.length;
    if (!goesOn && !response.destroyed) await Promise.race([once(response, 'drain'), closed]);
    await turn();
  }
  response.end();
}

const doubled = ({ body: text }: Document) =>
  text.replace('{', '{"active":false,"issuer":"x","keys":[],').replace('{', '{"keys":[],');

/** Everything that goes wrong once a connection is there. */
const MISBEHAVIOURS = {
  silence: hanging(() => {}),
  'a head that drips': hanging((response) => response.socket?.write('HTTP/1.1 200 OK\r\ncontent-ty')),
  'a body that drips': hanging((response, { contentType, body: text }) => {
    response.writeHead(200, { 'content-type': contentType, 'content-length': text.length }).write(text.slice(0, 5));
  }),
  'a body that never ends': hanging((response, { contentType, body: text }) => {
    response.writeHead(200, { 'content-type': contentType }).write(text);
  }),
  'status 500': plain(500),
  'status 502': plain(502, { 'content-type': 'text/html' }, '<html>'),
  'status 503 with Retry-After': plain(503, { 'retry-after': '7' }),
  'status 429': plain(429, { 'retry-after': '3' }),
  'status 404': plain(404),
  'status 401': plain(401, { 'www-authenticate': 'Basic realm="as"' }),
  'status 403': plain(403),
  'status 204': (response) => void response.writeHead(204).end(),
  'status 206': plain(206),
  'a redirect (302)': plain(302, { location: '/elsewhere' }),
  'a redirect that keeps the method (307)': plain(307, { location: '/elsewhere' }),
  'HTML with status 200': plain(
    200,
    { 'content-type': 'text/html; charset=utf-8' },
    '<!doctype html><title>Sign in</title>',
  ),
  'a wrong content type': plain(200, { 'content-type': 'application/xml' }),
  'an empty body': body(() => ''),
  'bad JSON': body(() => '{"active":tru'),
  null: body(() => 'null'),
  'an array': body((right) => `[${right.body}]`),
  'doubled members': body(doubled),
  'bytes that are no UTF-8': body((right) =>
    Buffer.concat([Buffer.from(right.body.slice(0, -1)), Buffer.from([0xff, 0x7d])]),
  ),
  'JSON of 10,000 levels': body(() => `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
  'a body of 100 MB': (response, right, server) => {
    response.writeHead(200, { 'content-type': right.contentType, 'content-length': LIMIT_BYTES });
    return pour(response, server, LIMIT_BYTES);
  },
  'a body without end': (response, right, server) => {
    response.writeHead(200, { 'content-type': right.contentType });
    return pour(response, server, LIMIT_BYTES);
  },
  'a body that was compressed twice': (response, right) => {
    response
      .writeHead(200, { 'content-type': right.contentType, 'content-encoding': 'gzip, gzip' })
      .end(gzipSync(gzipSync(right.body)));
  },
  'half of a compressed body': (response, right) => {
    response
      .writeHead(200, { 'content-type': right.contentType, 'content-encoding': 'gzip' })
      .end(gzipSync(right.body).subarray(0, -9));
  },
  'a compressed body of 10 MB': (response, right) => {
    const bomb = gzipSync(Buffer.alloc(LIMIT_BYTES / 10, ' '));
    response.writeHead(200, { 'content-type': right.contentType, 'content-encoding': 'gzip' }).end(bomb);
  },
  'a truncated body': (response, right) => {
    response.writeHead(200, { 'content-type': right.contentType, 'content-length': right.body.length + 10 });
    response.write(right.body);
    response.socket?.end();
  },
  'a close mid-body': (response, right) => {
    response.writeHead(200, { 'content-type': right.contentType }).write(right.body, () => response.destroy());
  },
  'a close before the answer': (response) => void response.destroy(),
  'a reset before the answer': (response) => void response.socket?.resetAndDestroy(),
  'what is no HTTP': (response) => void response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'),
  'an unknown transfer coding': (response) =>
    void response.socket?.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: mist\r\n\r\n{}'),
  'two lengths': (response) =>
    void response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 30\r\n\r\n{}'),
  'a head of 1 MB': (response) =>
    void response.socket?.end(`HTTP/1.1 200 OK\r\n${`x-pad: ${'x'.repeat(1_000)}\r\n`.repeat(1_000)}\r\n{}`),
} satisfies Record<string, Misbehaviour>;

export type Fault = keyof typeof MISBEHAVIOURS;

export const FAULTS = Object.keys(MISBEHAVIOURS) as readonly Fault[];

/** An https or http server that answers rightly on every path but one. */
export class FaultServer {
  readonly origin: string;
  /** Every target that was asked for. */
  readonly targets: string[] = [];
  /** What was written of bodies without measure. */
  bytesPoured = 0;
  readonly #server: Server;
  readonly #right: (path: string) => Document | undefined;
  readonly #sockets = new Set<Socket>();
  #faultyPath: string | undefined;
  #fault: Fault | undefined;
  #noteHanging: () => void = () => {};

  static async start(right: (path: string) => Document | undefined): Promise<FaultServer> {
    return new FaultServer(await listening(createHttpServer()), 'http://127.0.0.1', right);
  }

  /** With a certificate that nobody trusts. */
  static async startUntrusted(right: (path: string) => Document | undefined): Promise<FaultServer> {
    const altNames = [{ type: 2 as const, value: 'localhost' }];
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048,
      extensions: [{ name: 'subjectAltName', altNames }],
    });
    return new FaultServer(await listening(createHttpsServer({ key, cert })), 'https://localhost', right);
  }

  private constructor(server: Server, host: string, right: (path: string) => Document | undefined) {
    this.#server = server;
    this.#right = right;
    this.origin = `${host}:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (incoming, outgoing) => void this.#serve(incoming, outgoing));
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** From now on a path misbehaves. Resolves when a request there hangs, which only some faults let it do. */
  misbehave(path: string, fault: Fault): Promise<'hanging'> {
    this.#faultyPath = path;
    this.#fault = fault;
    return new Promise((resolve) => {
      this.#noteHanging = () => resolve('hanging');
    });
  }

  /** From now on nothing is wrong. */
  recover(): void {
    this.#faultyPath = undefined;
  }

  /** For the faults: a request hangs. */
  noteHanging(): void {
    this.#noteHanging();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const path = incoming.url ?? '';
    this.targets.push(path);
    outgoing.on('error', () => {});
    for await (const _chunk of incoming);
    const right = this.#right(path);
    if (right === undefined) return void outgoing.writeHead(404).end();
    if (path === this.#faultyPath && this.#fault !== undefined) {
      return MISBEHAVIOURS[this.#fault](outgoing, right, this);
    }
    outgoing.writeHead(200, { 'content-type': right.contentType }).end(right.body);
  }
}

async function listening(server: Server): Promise<Server> {
  server.listen(0);
  await once(server, 'listening');
  return server;
}

/** An origin on which nobody listens. */
export async function closedOrigin(): Promise<string> {
  const server = await listening(createHttpServer());
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
