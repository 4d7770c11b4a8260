import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** An answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** `HTTP/1.1 401 Unauthorized`. */
  readonly statusLine: string;
  /** Header lines in their order, as received. */
  readonly lines: readonly string[];
  readonly body: string;
}

/** A connection that sends exactly the bytes it is given, and reads answers one by one. */
export class RawClient {
  readonly socket: Socket;
  #received = '';
  #isOver = false;
  #wake: () => void = () => {};

  static async connect(port: number, protocol: 'http' | 'https' | 'h2' = 'http'): Promise<RawClient> {
    const host = '127.0.0.1';
    const socket =
      protocol === 'http'
        ? connect({ port, host, allowHalfOpen: true })
        : connectTls({ port, host, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    await once(socket, protocol === 'http' ? 'connect' : 'secureConnect');
    return new RawClient(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket.setNoDelay(true);
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

  /** Every character is one byte. */
  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** The next answer. `isBodiless` for HEAD, whose Content-Length is followed by nothing. */
  async answer(isBodiless = false): Promise<RawAnswer> {
    const head = await this.#until(() => this.#received.indexOf('\r\n\r\n') + 1 || undefined);
    const [statusLine = '', ...lines] = this.#take(head + 3)
      .trimEnd()
      .split('\r\n');
    const status = Number(statusLine.split(' ')[1]);
    const body = isBodiless || status < 200 ? '' : await this.#body(lines);
    return { status, statusLine, lines, body };
  }

  /** Everything that comes until the other side closes. */
  async rest(): Promise<string> {
    await this.#until(() => (this.#isOver ? 1 : undefined));
    return this.#take(this.#received.length);
  }

  close(): void {
    this.socket.destroy();
  }

  async #body(lines: readonly string[]): Promise<string> {
    const length = lines.map((line) => /^content-length: (\d+)$/i.exec(line)?.[1]).find((value) => value !== undefined);
    if (lines.some((line) => /^transfer-encoding: chunked$/i.test(line))) return this.#chunks();
    if (length === undefined) return this.rest();
    const wanted = Number(length);
    await this.#until(() => (this.#received.length >= wanted ? 1 : undefined));
    return this.#take(wanted);
  }

  /** As they came; no test looks into them. */
  async #chunks(): Promise<string> {
    const last = '0\r\n\r\n';
    await this.#until(() => (this.#received.includes(last) ? 1 : undefined));
    return this.#take(this.#received.indexOf(last) + last.length);
  }

  #take(length: number): string {
    const taken = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return taken;
  }

  async #until(found: () => number | undefined): Promise<number> {
    for (;;) {
      const place = found();
      if (place !== undefined) return place;
      if (this.#isOver) throw new Error(`the connection ended after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A request with one header line per text. */
export function requestText(method: string, target: string, lines: readonly string[] = [], body = ''): string {
  return `${[`${method} ${target} HTTP/1.1`, 'Host: localhost', ...lines].join('\r\n')}\r\n\r\n${body}`;
}

/** One request on a connection of its own. */
export async function ask(
  port: number,
  protocol: 'http' | 'https' | 'h2',
  text: string,
  isBodiless = text.startsWith('HEAD '),
): Promise<RawAnswer> {
  const client = await RawClient.connect(port, protocol);
  try {
    const answer = await client.send(text).answer(isBodiless);
    return answer.status === 100 ? await client.answer(isBodiless) : answer;
  } finally {
    client.close();
  }
}
