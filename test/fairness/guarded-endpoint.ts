import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a guard says about a form: nothing lets it through, a status refuses it, silence lets it wait for ever. */
export type GuardAnswer = undefined | number | 'silence';

/** Stands in front of an endpoint, as web application firewalls do: slow, and with a mind of its own. */
export class GuardedEndpoint {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: string, judge: (form: string) => Promise<GuardAnswer>): Promise<GuardedEndpoint> {
    const server = createServer((incoming, response) => {
      guard(target, judge, incoming, response).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new GuardedEndpoint(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/introspect`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function guard(
  target: string,
  judge: (form: string) => Promise<GuardAnswer>,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const form = Buffer.concat(chunks);
  const answer = await judge(form.toString());
  if (answer === 'silence') return;
  if (answer !== undefined) {
    response.writeHead(answer).end();
    return;
  }
  const { authorization = '', 'content-type': type = '' } = incoming.headers;
  const forwarded = request(target, { method: 'POST', headers: { authorization, 'content-type': type } });
  const answered = once(forwarded, 'response');
  forwarded.end(form);
  const [from]: [IncomingMessage] = (await answered) as [IncomingMessage];
  response.writeHead(from.statusCode as number, { 'content-type': from.headers['content-type'] ?? '' });
  from.pipe(response);
}
