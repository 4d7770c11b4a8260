import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { answerOn } from './http2-client.js';
import { type RawAnswer, RawClient, requestText } from './raw-client.js';

/** One connection that carries many requests, all of them sent at once: pipelined, or as streams of HTTP/2. */
export interface Connection {
  /** Sends a request without waiting for those before it. */
  ask(method: string, target: string, lines: readonly string[], body?: string): Promise<RawAnswer>;
  /** Breaks the connection off. */
  close(): void;
}

export function openConnection(port: number, protocol: 'http' | 'https' | 'h2'): Promise<Connection> {
  return protocol === 'h2' ? Http2Connection.open(port) : PipelinedConnection.open(port, protocol);
}

/** Answers of HTTP/1.1 come in the order of their requests (RFC 9112 9.3.2). */
class PipelinedConnection implements Connection {
  readonly #client: RawClient;
  #previous: Promise<unknown> = Promise.resolve();

  static async open(port: number, protocol: 'http' | 'https'): Promise<Connection> {
    return new PipelinedConnection(await RawClient.connect(port, protocol));
  }

  private constructor(client: RawClient) {
    this.#client = client;
  }

  ask(method: string, target: string, lines: readonly string[], body = ''): Promise<RawAnswer> {
    this.#client.send(requestText(method, target, lines, body));
    const answer = this.#previous.then(() => this.#client.answer(method === 'HEAD'));
    this.#previous = answer.catch(() => {});
    return answer;
  }

  close(): void {
    this.#client.close();
  }
}

class Http2Connection implements Connection {
  readonly #session: ClientHttp2Session;

  static async open(port: number): Promise<Connection> {
    const session = connect(`https://localhost:${port}`, { rejectUnauthorized: false });
    await once(session, 'connect');
    return new Http2Connection(session);
  }

  private constructor(session: ClientHttp2Session) {
    // Each stream listens to it for as long as it is open, and many are open at once.
    this.#session = session.setMaxListeners(0).on('error', () => {});
  }

  ask(method: string, target: string, lines: readonly string[], body = ''): Promise<RawAnswer> {
    const fields = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s, 2)));
    return answerOn(this.#session, { method, lines, body }, { ':path': target, ...fields });
  }

  close(): void {
    this.#session.destroy();
  }
}
