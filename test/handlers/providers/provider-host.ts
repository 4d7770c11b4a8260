import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, type Dispatcher } from 'undici';

/** What stands at a URL, or what is answered there to the body of a request. */
export type Published = object | ((request: IncomingMessage) => object | string);

/**
 * The servers of all providers in one, on a real socket. Its dispatcher brings every call here, whatever its host is, so
 * handlers call the addresses that they call in production.
 */
export class ProviderHost {
  readonly dispatcher: Dispatcher;
  /** The URLs that were called. */
  readonly called: string[] = [];
  readonly #published = new Map<string, Published>();
  readonly #server: Server;

  static async start(): Promise<ProviderHost> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ProviderHost(server);
  }

  private constructor(server: Server) {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#server = server;
    this.dispatcher = new Agent().compose((dispatch) => (options, handler) => {
      const path = `/${String(options.origin)}${options.path}`;
      return dispatch({ ...options, origin, path }, handler);
    });
    server.on('request', (request, response) => {
      const url = (request.url ?? '').slice(1);
      this.called.push(url);
      const published = this.#published.get(url);
      if (published === undefined) return response.writeHead(404).end();
      const document = typeof published === 'function' ? published(request) : published;
      const text = typeof document === 'string' ? document : JSON.stringify(document);
      return response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    });
  }

  /** Everything else is 404. */
  publish(documents: Readonly<Record<string, Published>>): void {
    this.called.length = 0;
    this.#published.clear();
    for (const [url, document] of Object.entries(documents)) this.#published.set(url, document);
  }

  async close(): Promise<void> {
    await this.dispatcher.close();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
