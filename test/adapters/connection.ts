import { Http2Wire } from '../../packages/core/src/testing/rules/adapter/http2-wire.js';
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

/** The streams of one connection. */
class Http2Connection implements Connection {
  readonly #wire: Http2Wire;

  static async open(port: number): Promise<Connection> {
    return new Http2Connection(await Http2Wire.open(port));
  }

  private constructor(wire: Http2Wire) {
    this.#wire = wire;
  }

  ask(method: string, target: string, lines: readonly string[], body = ''): Promise<RawAnswer> {
    return this.#wire.ask({ method, target, lines, body });
  }

  close(): void {
    this.#wire.close();
  }
}
