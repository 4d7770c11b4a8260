import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A key server on a real socket, whose answer a test chooses. */
export class KeyServer {
  readonly origin: string;
  readonly jwksUri: string;
  /** The paths that were asked for. */
  readonly asked: string[] = [];
  answer: Answer = keySet([]);
  readonly #server: Server;
  readonly #arrivals = new Set<() => void>();

  static async start(answer: Answer = keySet([])): Promise<KeyServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const keyServer = new KeyServer(server);
    keyServer.answer = answer;
    return keyServer;
  }

  private constructor(server: Server) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.jwksUri = `${this.origin}/jwks`;
    server.on('request', (request, response) => {
      this.asked.push(request.url ?? '');
      this.answer(request, response);
      for (const arrived of this.#arrivals) arrived();
    });
  }

  get fetches(): number {
    return this.asked.length;
  }

  publish(...keys: readonly object[]): void {
    this.answer = keySet(keys);
  }

  /** Resolves when so many requests have come in. */
  async arrivals(count: number): Promise<void> {
    while (this.fetches < count) await new Promise<void>((resolve) => this.#arrivals.add(resolve));
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

/** Answers with a key set. */
export function keySet(keys: readonly object[], headers: Record<string, string> = {}): Answer {
  return json({ keys }, headers);
}

export function json(document: unknown, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(document));
  };
}
