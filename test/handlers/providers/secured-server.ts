import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpSecurity } from '@sallyport/adapters/http';
import { onDecision, SecurityChain, type SecurityChainOptions } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { Agent, request } from 'undici';

/** What a caller was answered, and what the operator was told of it. */
export interface Outcome {
  readonly status: number;
  readonly reason: string | undefined;
  /** Who the application was told is calling. */
  readonly caller: unknown;
}

/** A server on a real socket, secured by one chain after the other. Its clock stands at 2027-01-15 08:00:00 UTC. */
export class SecuredServer {
  readonly clock: ManualClock = new ManualClock();
  readonly #server: Server;
  readonly #origin: string;
  readonly #agent = new Agent();
  readonly #stopListening: () => void;
  #chain: SecurityChain | undefined;
  #reason: string | undefined;
  #answer: RequestListener = (_request, response) => response.writeHead(404).end();

  static async start(): Promise<SecuredServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SecuredServer(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.#origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#stopListening = onDecision(({ reason }) => {
      this.#reason = reason;
    });
    server.on('request', (message, response) => this.#answer(message, response));
  }

  async secure(options: SecurityChainOptions): Promise<void> {
    await this.secureBy(new SecurityChain(options, { clock: this.clock }));
  }

  async secureBy(chain: SecurityChain): Promise<void> {
    await this.#chain?.close();
    this.#chain = chain;
    const secure = httpSecurity(chain, { clientCertificates: { proxies: ['127.0.0.1'], allVerified: true } });
    this.#answer = secure((_request, response, { kind, subject, clientId, scopes, roles }) => {
      response.end(JSON.stringify({ kind, subject, clientId, scopes, roles }));
    });
  }

  async ask(headers: Readonly<Record<string, string>>): Promise<Outcome> {
    this.#reason = undefined;
    const { statusCode: status, body } = await request(this.#origin, { headers, dispatcher: this.#agent });
    const text = await body.text();
    return { status, reason: this.#reason, caller: status === 200 ? JSON.parse(text) : undefined };
  }

  async close(): Promise<void> {
    this.#stopListening();
    await this.#chain?.close();
    await this.#agent.close();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
