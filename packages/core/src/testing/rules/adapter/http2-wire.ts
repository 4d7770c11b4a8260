import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { BrokenRule } from '../rule.js';
import { SILENCE, TIMEOUT_MS, type Wire, type WireAnswer, type WireRequest } from './wire.js';

/** One request of HTTP/2, its fields as bytes: one character is one byte. */
export interface Http2Request {
  readonly method: string;
  readonly target: string;
  /** `Name: value`; names are sent in lower case, as RFC 9113 8.2.1 wants them. */
  readonly lines: readonly string[];
  readonly body: string;
}

export type Http2Answer = WireAnswer & { readonly statusLine: string };

/** An HTTP/2 connection. Its requests are streams that are answered in any order (RFC 9113 5). */
export class Http2Wire implements Wire {
  readonly #session: ClientHttp2Session;

  static async open(port: number): Promise<Http2Wire> {
    const socket = await connectedTo(port);
    const session = connect('https://localhost', { createConnection: () => socket });
    await once(session, 'connect');
    return new this(session);
  }

  private constructor(session: ClientHttp2Session) {
    // Each stream listens to it for as long as it is open, and many are open at once.
    this.#session = session.setMaxListeners(0).on('error', () => {});
    session.setTimeout(TIMEOUT_MS, () => session.destroy(new BrokenRule(SILENCE)));
  }

  ask(request: WireRequest): Promise<Http2Answer> {
    const whole = wholeRequest(request);
    const fields = Object.fromEntries(whole.lines.map((line) => line.split(/: (.*)/s, 2)));
    return answerOn(this.#session, whole, { ':path': whole.target, ...fields });
  }

  close(): void {
    this.#session.destroy();
  }
}

/** A request with all its members, and with the length of its body. */
function wholeRequest({ method = 'GET', target = '/', lines = [], body = '' }: WireRequest): Http2Request {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return { method, target, lines: [...lines, ...length], body };
}

/** Any certificate is good: the server under test has one that it made itself. */
export async function connectedTo(port: number): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new BrokenRule(`no connection was made: ${SILENCE}`)));
  await once(socket, 'secureConnect');
  socket.setTimeout(0);
  return socket;
}

/** Asks on a stream of an open session. `fields` are what Node's client can send by itself. */
export async function answerOn(
  session: ClientHttp2Session,
  { method, lines, body }: Omit<Http2Request, 'target'>,
  fields: Readonly<Record<string, string>> = {},
): Promise<Http2Answer> {
  const announced = lines.map((line) => /^content-length: (\d+)$/i.exec(line)?.[1]).find((length) => length);
  const isWhole = Number(announced ?? 0) <= body.length;
  const stream = session.request({ ':method': method, ...fields }, { endStream: body === '' && isWhole });
  const end = (error: Error) => stream.destroy(error);
  session.on('error', end);
  stream.on('close', () => session.off('error', end));
  if (isWhole && body !== '') stream.end(body, 'latin1');
  else if (body !== '') stream.write(body, 'latin1');
  const broken = once(stream, 'close').then(() => {
    throw new BrokenRule(`${method} ${fields[':path']}: the stream was closed without an answer`);
  });
  broken.catch(() => {});
  const [headers, , rawHeaders] = (await Promise.race([once(stream, 'response'), broken])) as [
    { ':status': number },
    number,
    string[],
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const answered = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
  return {
    status: headers[':status'],
    statusLine: `HTTP/2 ${headers[':status']}`,
    lines: answered.filter((line) => !line.startsWith(':')),
    body: Buffer.concat(chunks).toString('latin1'),
  };
}
