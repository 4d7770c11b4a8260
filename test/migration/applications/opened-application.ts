// Opens an application on a free port, and asks it.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
  readonly headers: Headers;
}

export class OpenedApplication {
  readonly origin: string;
  readonly #server: Server;

  /** Takes a server that listens already, or not yet. */
  static async of(server: Server): Promise<OpenedApplication> {
    if (!server.listening) await once(server.listen(0), 'listening');
    return new OpenedApplication(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  }

  async ask(line: string, { headers = {}, body }: Asked = {}): Promise<Answer> {
    const [method, path] = line.split(' ') as [string, string];
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(this.origin + path, { method, headers: { ...type, ...headers }, ...sent });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
