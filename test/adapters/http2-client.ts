import { connect } from 'node:http2';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import {
  answerOn,
  connectedTo,
  type Http2Answer,
  type Http2Request,
} from '../../packages/core/src/testing/rules/adapter/http2-wire.js';

/** Asks on a connection of its own. A stream that the server resets rejects. */
export async function askHttp2(port: number, request: Http2Request): Promise<Http2Answer> {
  const socket = await connectedTo(port);
  const session = connect('https://localhost', {
    createConnection: () => new FieldWriter(socket, fieldsOf(request)),
  });
  try {
    return await answerOn(session, request);
  } finally {
    session.destroy();
    socket.destroy();
  }
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
