import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { UpstreamError } from '@sallyport/core';
import { type Caller, OutboundClient, type OutboundOptions, type PendingRequest } from '@sallyport/handlers/outbound';
import { PromptClock } from '../../support/prompt-clock.js';

/** A client and the server that it calls. */
export class OutboundUnderTest {
  readonly clock = new PromptClock();
  readonly client: OutboundClient;
  readonly url: URL;
  readonly arrivals: {
    readonly method: string;
    readonly body: string;
    readonly headers: IncomingMessage['headers'];
  }[] = [];
  connections = 0;
  /** What the server does; by default it says `{}`. */
  serve: (response: ServerResponse, incoming: IncomingMessage) => void = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(options: OutboundOptions = {}): Promise<OutboundUnderTest> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OutboundUnderTest(server, options);
  }

  private constructor(server: Server, options: OutboundOptions) {
    this.#server = server;
    this.url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/thing`);
    this.client = new OutboundClient({ allowInsecureLoopback: true, ...options }, { clock: this.clock });
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket.on('error', () => {}));
    });
    server.on('request', async (incoming, response) => {
      let body = '';
      for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
      this.arrivals.push({ method: incoming.method ?? '', body, headers: incoming.headers });
      this.serve(response, incoming);
    });
  }

  get request(): { url: URL; method: 'GET'; mediaTypes: readonly string[]; maxBytes: number } {
    return { url: this.url, method: 'GET', mediaTypes: ['application/json'], maxBytes: 1_000 };
  }

  /** The body, or the code of the error. Without a caller it is the handler's own call. */
  async send(request: PendingRequest = this.request, caller?: Caller): Promise<string> {
    try {
      return (await this.client.send(request, caller)).body.toString();
    } catch (error) {
      if (error instanceof UpstreamError) return error.code.replace('ERR_SALLYPORT_UPSTREAM_', '');
      throw error;
    }
  }

  /** Sends one after the other. */
  async sendTimes(count: number): Promise<string[]> {
    const outcomes: string[] = [];
    for (let index = 0; index < count; index += 1) outcomes.push(await this.send());
    return outcomes;
  }

  fails(status = 500, headers: Record<string, string> = {}): void {
    this.serve = (response) => response.writeHead(status, headers).end();
  }

  works(): void {
    this.serve = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  /** From now on nobody takes connections. */
  async refuses(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Takes connections again, at the same port. */
  async listens(): Promise<void> {
    this.#server.listen(Number(this.url.port), '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Waits for requests to arrive. */
  async arrived(count: number): Promise<void> {
    while (this.arrivals.length < count) await turn();
  }

  async close(): Promise<void> {
    await this.client.close();
    if (this.#server.listening) await this.refuses();
  }
}
