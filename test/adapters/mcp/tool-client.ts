import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type RawAnswer, RawClient, requestText } from '../raw-client.js';

export const MODERN = '2026-07-28';
export const OLD = '2025-11-25';

/** What a client sends of its own accord with every request of the newest version. */
function envelope(): Record<string, unknown> {
  return {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
}

/** A message as a body. */
export function message(method: string, params: Record<string, unknown> = {}, id: number | null = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', ...(id !== null && { id }), method, params });
}

export function modernMessage(method: string, params: Record<string, unknown> = {}): string {
  return message(method, { ...params, _meta: envelope() });
}

export function modernLines(method: string, name?: string): string[] {
  return [
    `MCP-Protocol-Version: ${MODERN}`,
    `Mcp-Method: ${method}`,
    ...(name === undefined ? [] : [`Mcp-Name: ${name}`]),
  ];
}

/** Calls a tool as clients of the newest version do. */
export function modernCall(tool: string): { lines: string[]; body: string } {
  return { lines: modernLines('tools/call', tool), body: modernMessage('tools/call', { name: tool, arguments: {} }) };
}

/** Calls a tool as older clients do. */
export function oldCall(tool: string): { lines: string[]; body: string } {
  return { lines: [`MCP-Protocol-Version: ${OLD}`], body: message('tools/call', { name: tool, arguments: {} }) };
}

export interface ToolStream {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly outcome: Promise<'whole' | 'broken off'>;
  leave(): void;
}

/** Sends exactly these header lines, and the usual ones besides. */
export class ToolClient {
  readonly #port: number;
  readonly #token: string | undefined;
  readonly #lines: readonly string[];

  constructor(port: number, token?: string, lines: readonly string[] = []) {
    this.#port = port;
    this.#token = token;
    this.#lines = lines;
  }

  with(...lines: readonly string[]): ToolClient {
    return new ToolClient(this.#port, this.#token, [...this.#lines, ...lines]);
  }

  /** The same client with another token. */
  as(token: string | undefined): ToolClient {
    return new ToolClient(this.#port, token, this.#lines);
  }

  async post(lines: readonly string[], body: string | Buffer, type = 'application/json'): Promise<RawAnswer> {
    return this.ask('POST', [...lines, `Content-Type: ${type}`], body);
  }

  ask(method: string, lines: readonly string[], body: string | Buffer = ''): Promise<RawAnswer> {
    const bytes = Buffer.from(body);
    return this.#send(method, [...lines, ...(bytes.length > 0 ? [`Content-Length: ${bytes.length}`] : [])], bytes);
  }

  async #send(method: string, lines: readonly string[], bytes: Buffer): Promise<RawAnswer> {
    const client = await RawClient.connect(this.#port);
    const own = this.#token === undefined ? [] : [`Authorization: Bearer ${this.#token}`];
    const all = ['Accept: application/json, text/event-stream', ...own, ...this.#lines, ...lines];
    const head = requestText(method, '/mcp', all);
    client.socket.write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]));
    try {
      return await client.answer(method === 'HEAD');
    } finally {
      client.close();
    }
  }

  /** Posts a body as it is given, in chunks. */
  chunked(lines: readonly string[], chunks: string): Promise<RawAnswer> {
    return this.#send('POST', [...lines, 'Transfer-Encoding: chunked'], Buffer.from(chunks));
  }

  /** Waits for the head of an answer, which then goes on. */
  async stream(method: string, lines: readonly string[], body = ''): Promise<ToolStream> {
    const fields = [
      'Accept: application/json, text/event-stream',
      `Authorization: Bearer ${this.#token}`,
      ...this.#lines,
    ];
    const headers = [...fields, ...lines].flatMap((line) => line.split(/: (.*)/s).slice(0, 2));
    const sent = request({
      host: '127.0.0.1',
      port: this.#port,
      path: '/mcp',
      method,
      headers: ['Host', 'localhost', ...headers],
    });
    sent.on('error', () => {}).end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const closed = new Promise((resolve) => answer.once('close', resolve));
    answer.resume().on('error', () => {});
    return {
      status: answer.statusCode,
      type: answer.headers['content-type'],
      outcome: closed.then(() => (answer.complete ? 'whole' : 'broken off')),
      leave: () => sent.destroy(),
    };
  }

  /** Opens a session of an older version; gives back the client with it. */
  async initialized(): Promise<ToolClient> {
    const params = { protocolVersion: OLD, capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } };
    const { status, lines } = await this.post([], message('initialize', params));
    const id = lines.find((line) => /^mcp-session-id:/i.test(line));
    if (status !== 200) throw new Error(`initialize: ${status}`);
    return id === undefined ? this : this.with(id);
  }
}

/** The challenge of an answer. */
export function challengeIn({ lines }: RawAnswer): string | undefined {
  return lines.find((line) => /^www-authenticate:/i.test(line))?.replace(/^[^:]*: ?/, '');
}
