import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What arrived at the server. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: string | Buffer | object;
}

/** Says what to answer, at once or later. */
export type Script = (arrival: Arrival) => ScriptedAnswer | Promise<ScriptedAnswer>;

/** An authorization server on a loopback port: answers what a test tells it to and remembers what it was asked. */
export class IntrospectionServer {
  readonly origin: string;
  readonly arrivals: Arrival[] = [];
  #script: Script;
  readonly #server: Server;

  static async start(script: Script = () => ({ body: { active: true, sub: 'alice' } })): Promise<IntrospectionServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new IntrospectionServer(server, script);
  }

  private constructor(server: Server, script: Script) {
    this.#server = server;
    this.#script = script;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (incoming, outgoing) => void this.#serve(incoming, outgoing));
  }

  get endpoint(): string {
    return `${this.origin}/introspect`;
  }

  /** How often it was asked about a token. */
  get calls(): number {
    return this.arrivals.filter(({ path }) => path === '/introspect').length;
  }

  get last(): Arrival {
    const last = this.arrivals.at(-1);
    if (last === undefined) throw new Error('nothing has arrived');
    return last;
  }

  answers(script: Script | ScriptedAnswer): void {
    this.#script = typeof script === 'function' ? script : () => script;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    let body = '';
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
    const arrival = { method, path: url, headers, form: new URLSearchParams(body) };
    this.arrivals.push(arrival);
    const answer = await this.#script(arrival);
    const content = answer.body ?? '';
    const isRaw = typeof content === 'string' || Buffer.isBuffer(content);
    outgoing.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    outgoing.end(isRaw ? content : JSON.stringify(content));
  }
}
