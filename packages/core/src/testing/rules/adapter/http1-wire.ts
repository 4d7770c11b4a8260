import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { BrokenRule, shown } from '../rule.js';
import { SILENCE, TIMEOUT_MS, type Wire, type WireAnswer, type WireRequest } from './wire.js';

/** An HTTP/1.1 connection. Its answers come in the order of its requests (RFC 9112 9.3.2). */
export class Http1Wire implements Wire {
  readonly #socket: Socket;
  #received = '';
  #isOver = false;
  #isSilent = false;
  /** The first line of the request whose answer is awaited. */
  #asked = '';
  #wake: () => void = () => {};
  #previous: Promise<unknown> = Promise.resolve();

  /** Over TLS, any certificate is good: the server under test has one that it made itself. */
  static async open(port: number, isSecure: boolean): Promise<Wire> {
    const place = { port, host: '127.0.0.1' };
    const socket = isSecure
      ? connectTls({ ...place, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
      : connect(place);
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new BrokenRule(`no connection was made: ${SILENCE}`)));
    await once(socket, isSecure ? 'secureConnect' : 'connect');
    socket.removeAllListeners('timeout');
    return new this(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket.setNoDelay(true).on('timeout', () => {
      this.#isSilent = true;
      this.#wake();
    });
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

  ask({ method = 'GET', target = '/', lines = [], body = '' }: WireRequest): Promise<WireAnswer> {
    const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
    const head = [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...lines, ...length];
    this.#isSilent = false;
    this.#socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    const answer = this.#previous.then(() => {
      this.#asked = head[0] as string;
      return this.#answer(method === 'HEAD');
    });
    this.#previous = answer.catch(() => {});
    return answer;
  }

  async ends(): Promise<boolean> {
    await this.#until(() => this.#isOver || undefined).catch(() => {});
    return this.#isOver && !this.#isSilent;
  }

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
      if (this.#isOver || this.#isSilent) {
        const problem = this.#isOver ? 'the connection ended without an answer' : SILENCE;
        throw new BrokenRule(`${this.#asked}: ${problem}; what came was ${shown(this.#received)}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
