import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An introspection endpoint that does what the first word of the token says. */
export class AuthorizationServer {
  readonly tokens: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<AuthorizationServer> {
    const server = createServer();
    const house = new AuthorizationServer(server);
    server.on('request', async (request, response) => {
      const token = new URLSearchParams(await bodyOf(request)).get('token') ?? '';
      house.tokens.push(token);
      const broken = token.startsWith('broken');
      response.writeHead(broken ? 500 : 200, { 'content-type': 'application/json' });
      // The faults quote the token, as servers in trouble do.
      response.end(broken ? `{"error":"cannot handle ${token}"}` : answerTo(token));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return house;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/introspect`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function answerTo(token: string): string {
  if (token.startsWith('garbled')) return `<p>${token}`;
  return JSON.stringify(token.startsWith('good') ? { active: true, sub: 'alice', scope: 'read' } : { active: false });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
