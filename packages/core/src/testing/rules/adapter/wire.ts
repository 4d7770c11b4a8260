import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { BrokenRule } from '../rule.js';

/** One request, sent exactly as written: no client repairs or refuses it. */
export interface WireRequest {
  /** Default `GET`. */
  readonly method?: string;
  /** Default `/`. */
  readonly target?: string;
  /** Lines `Name: value`, in addition to Host. */
  readonly lines?: readonly string[];
  /** Content-Length is added. */
  readonly body?: string;
}

export interface WireAnswer {
  readonly status: number;
  /** Lines `name: value` in the order of the answer, names in lower case. */
  readonly lines: readonly string[];
  readonly body: string;
}

const TIMEOUT_MS = 10_000;

/** An HTTP/1.1 connection. Its answers come in the order of its requests (RFC 9112 9.3.2). */
export class Wire {
  readonly #socket: Socket;
  #received = '';
  #isOver = false;
  #wake: () => void = () => {};
  #previous: Promise<unknown> = Promise.resolve();

  static async open(port: number): Promise<Wire> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new this(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket.setNoDelay(true).setTimeout(TIMEOUT_MS, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      this.#wake();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.#isOver = true;
        this.#wake();
      });
    }
  }

  /** Sends a request without waiting for those before it. */
  ask({ method = 'GET', target = '/', lines = [], body = '' }: WireRequest): Promise<WireAnswer> {
    const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
    const head = [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...lines, ...length];
    this.#socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    const answer = this.#previous.then(() => this.#answer(method === 'HEAD'));
    this.#previous = answer.catch(() => {});
    return answer;
  }

  /** Waits for the other side to end the connection; false when it is still open after the timeout. */
  async ends(): Promise<boolean> {
    await this.#until(() => this.#isOver || undefined).catch(() => {});
    return this.#isOver;
  }

  /** Breaks the connection off. */
  close(): void {
    this.#socket.destroy();
  }

  async #answer(isBodiless: boolean): Promise<WireAnswer> {
    const end = await this.#until(() => this.#received.indexOf('\r\n\r\n') + 1 || undefined);
    const [statusLine = '', ...lines] = this.#take(end + 3)
      .trimEnd()
      .split('\r\n')
      .map((line) => line.replace(/^[^\s:]+:/, (name) => name.toLowerCase()));
    const status = Number(statusLine.split(' ')[1]);
    return { status, lines, body: isBodiless || status < 200 ? '' : await this.#body(lines) };
  }

  async #body(lines: readonly string[]): Promise<string> {
    if (lines.some((line) => /^transfer-encoding: chunked$/i.test(line))) return this.#chunks();
    const length = lines.map((line) => /^content-length: (\d+)$/.exec(line)?.[1]).find((value) => value !== undefined);
    const wanted = await this.#until(() => {
      if (length === undefined) return this.#isOver ? this.#received.length + 1 : undefined;
      return this.#received.length >= Number(length) ? Number(length) + 1 : undefined;
    });
    return this.#take(wanted - 1);
  }

  async #chunks(): Promise<string> {
    let body = '';
    for (;;) {
      const line = await this.#until(() => this.#received.indexOf('\r\n') + 1 || undefined);
      const length = Number.parseInt(this.#take(line + 1), 16);
      await this.#until(() => this.#received.length >= length + 2 || undefined);
      body += this.#take(length);
      this.#take(2);
      if (!(length > 0)) return body;
    }
  }

  #take(length: number): string {
    const taken = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return taken;
  }

  async #until<Found>(found: () => Found | undefined): Promise<Found> {
    for (;;) {
      const place = found();
      if (place !== undefined) return place;
      if (this.#isOver) throw new BrokenRule('the connection ended without an answer');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** One request on a connection of its own. */
export async function askOnce(port: number, request: WireRequest): Promise<WireAnswer> {
  const wire = await Wire.open(port);
  try {
    return await wire.ask(request);
  } finally {
    wire.close();
  }
}
