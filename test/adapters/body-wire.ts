import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { connectedTo } from '../../packages/core/src/testing/rules/adapter/http2-wire.js';
import type { BodyRow } from './body-corpus.js';
import { RawClient, requestText } from './raw-client.js';

export interface BodyAnswer {
  readonly status: number;
  readonly body: string;
}

/** One connection on which requests with bodies are sent one after the other. */
export interface BodyWire {
  send(row: BodyRow, lines: readonly string[]): Promise<BodyAnswer>;
  close(): void;
}

export async function openBodyWire(port: number, protocol: 'http' | 'https' | 'h2'): Promise<BodyWire> {
  if (protocol !== 'h2') return new Http1Bodies(() => RawClient.connect(port, protocol));
  const socket = await connectedTo(port);
  const session = connect('https://localhost', { createConnection: () => socket });
  await once(session, 'connect');
  return new Http2Bodies(session);
}

class Http1Bodies implements BodyWire {
  readonly #connect: () => Promise<RawClient>;
  #client: RawClient | undefined;

  constructor(connect: () => Promise<RawClient>) {
    this.#connect = connect;
  }

  async send({ method = 'POST', path, body, chunks, written }: BodyRow, lines: readonly string[]): Promise<BodyAnswer> {
    const framing = chunks || written ? ['Transfer-Encoding: chunked'] : [`Content-Length: ${body.length}`];
    const content = written ?? (chunks ? chunked(body, chunks) : body);
    this.#client ??= await this.#connect();
    this.#client.send(requestText(method, path, [...lines, ...(written === '' ? [] : framing)], content));
    const answer = await this.#client.answer(method === 'HEAD');
    if (answer.lines.some((line) => /^connection: close$/i.test(line))) this.close();
    return { status: answer.status, body: answer.body };
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

/** The last size is that of all chunks that follow. */
export function chunked(body: string, sizes: readonly number[]): string {
  return `${partsOf(body, sizes)
    .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    .join('')}0\r\n\r\n`;
}

function partsOf(body: string, sizes: readonly number[]): string[] {
  const parts: string[] = [];
  for (let from = 0; from < body.length; from += parts.at(-1)?.length ?? 0) {
    parts.push(body.slice(from, from + (sizes[parts.length] ?? (sizes.at(-1) as number))));
  }
  return parts;
}

class Http2Bodies implements BodyWire {
  readonly #session: ClientHttp2Session;

  constructor(session: ClientHttp2Session) {
    this.#session = session.on('error', () => {});
  }

  async send({ method = 'POST', path, body, chunks, written }: BodyRow, lines: readonly string[]): Promise<BodyAnswer> {
    const length = chunks || written === '' ? [] : [`content-length: ${body.length}`];
    const fields = Object.fromEntries(
      [...lines, ...length]
        .map((line) => line.split(/: (.*)/s, 2) as [string, string])
        .map(([name, value]) => [name.toLowerCase(), value]),
    );
    const stream = this.#session.request(
      { ':method': method, ':path': path, ...fields },
      { endStream: written === '' },
    );
    stream.on('error', () => {});
    if (written !== '') {
      for (const part of chunks ? partsOf(body, chunks) : []) stream.write(Buffer.from(part, 'latin1'));
      stream.end(chunks ? undefined : Buffer.from(body, 'latin1'));
    }
    const [{ ':status': status = 0 }] = (await once(stream, 'response')) as [{ ':status'?: number }];
    const answered: Buffer[] = [];
    for await (const chunk of stream) answered.push(chunk as Buffer);
    return { status, body: Buffer.concat(answered).toString('latin1') };
  }

  close(): void {
    this.#session.destroy();
  }
}
