import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { BrokenRule } from '../rule.js';
import { TIMEOUT_MS, type Wire, type WireAnswer, type WireRequest } from './wire.js';

/** One request of HTTP/2, its fields as bytes: one character is one byte. */
export interface Http2Request {
  readonly method: string;
  readonly target: string;
  /** `Name: value`; names are sent in lower case, as RFC 9113 8.2.1 wants them. */
  readonly lines: readonly string[];
  readonly body: string;
}

export interface Http2Answer extends WireAnswer {
  readonly statusLine: string;
}

/** An HTTP/2 connection. Its requests are streams that are answered in any order (RFC 9113 5). */
export class Http2Wire implements Wire {
  readonly #session: ClientHttp2Session;

  static async open(port: number): Promise<Http2Wire> {
    const socket = await connected(port);
    const session = connect('https://localhost', { createConnection: () => socket });
    await once(session, 'connect');
    return new this(session);
  }

  private constructor(session: ClientHttp2Session) {
    // Each stream listens to it for as long as it is open, and many are open at once.
    this.#session = session.setMaxListeners(0).on('error', () => {});
    session.setTimeout(TIMEOUT_MS, () => session.destroy());
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
export function wholeRequest({ method = 'GET', target = '/', lines = [], body = '' }: WireRequest): Http2Request {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return { method, target, lines: [...lines, ...length], body };
}

/** Any certificate is good: the server under test has one that it made itself. */
async function connected(port: number): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  return socket;
}

/** Asks on a connection of its own. A stream that the server resets rejects. */
export async function askHttp2(port: number, request: Http2Request): Promise<Http2Answer> {
  const socket = await connected(port);
  const session = connect('https://localhost', {
    createConnection: () => new FieldWriter(socket, fieldsOf(request)),
  });
  session.setTimeout(TIMEOUT_MS, () => session.destroy());
  try {
    return await answerOn(session, request);
  } finally {
    session.destroy();
    socket.destroy();
  }
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
    throw new BrokenRule('the stream was closed without an answer');
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

function fieldsOf({ method, target, lines }: Http2Request): Buffer {
  const fields = lines.map((line) => {
    const colon = line.indexOf(':', 1);
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')] as const;
  });
  const pseudo = [
    [':method', method],
    [':scheme', 'https'],
    [':authority', 'localhost'],
    [':path', target],
  ] as const;
  return Buffer.concat([...pseudo, ...fields].map(([name, value]) => literal(name, value)));
}

/** A literal field without indexing (RFC 7541 6.2.2), which holds any byte. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

function text(value: string): Buffer {
  return Buffer.concat([integer(value.length), Buffer.from(value, 'latin1')]);
}

/** With a prefix of seven bits (RFC 7541 5.1). */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const octets = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) + 128);
  return Buffer.of(...octets, rest);
}

const PREFACE = 24;
const FRAME_HEADER = 9;
const LARGEST_FRAME = 16_384;
const HEADERS = 1;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;

/**
 * A connection on which every HEADERS frame that Node's client writes gets other fields: the client itself would refuse
 * to send two Authorization lines, or bytes that it takes for none of a field.
 */
class FieldWriter extends Duplex {
  readonly #socket: TLSSocket;
  readonly #fields: Buffer;
  #pending = Buffer.alloc(0);
  #isOpened = false;

  constructor(socket: TLSSocket, fields: Buffer) {
    super();
    this.#socket = socket;
    this.#fields = fields;
    socket.on('data', (chunk) => this.push(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    if (!this.#isOpened && this.#pending.length >= PREFACE) {
      this.#isOpened = true;
      this.#socket.write(this.#taken(PREFACE));
    }
    while (this.#isOpened && this.#pending.length >= FRAME_HEADER) {
      const length = FRAME_HEADER + this.#pending.readUIntBE(0, 3);
      if (this.#pending.length < length) break;
      const frame = this.#taken(length);
      this.#socket.write(frame[3] === HEADERS ? this.#ownHeaders(frame) : frame);
    }
    done();
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  #taken(length: number): Buffer {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return taken;
  }

  #ownHeaders(frame: Buffer): Buffer {
    const stream = frame.readUInt32BE(5);
    const frames: Buffer[] = [];
    for (let from = 0; from < this.#fields.length; from += LARGEST_FRAME) {
      const part = this.#fields.subarray(from, from + LARGEST_FRAME);
      const header = Buffer.alloc(FRAME_HEADER);
      const isLast = from + LARGEST_FRAME >= this.#fields.length;
      const endStream = from === 0 ? frame.readUInt8(4) & END_STREAM : 0;
      header.writeUIntBE(part.length, 0, 3);
      header.writeUInt8(from === 0 ? HEADERS : CONTINUATION, 3);
      header.writeUInt8(endStream | (isLast ? END_HEADERS : 0), 4);
      header.writeUInt32BE(stream, 5);
      frames.push(header, part);
    }
    return Buffer.concat(frames);
  }
}
