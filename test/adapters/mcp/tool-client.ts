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

  async post(lines: readonly string[], body: string | Buffer, type = 'application/json'): Promise<RawAnswer> {
    return this.ask('POST', [...lines, `Content-Type: ${type}`], body);
  }

  async ask(method: string, lines: readonly string[], body: string | Buffer = ''): Promise<RawAnswer> {
    const client = await RawClient.connect(this.#port);
    const own = this.#token === undefined ? [] : [`Authorization: Bearer ${this.#token}`];
    const all = ['Accept: application/json, text/event-stream', ...own, ...this.#lines, ...lines];
    const bytes = Buffer.from(body);
    const head = requestText(method, '/mcp', bytes.length > 0 ? [...all, `Content-Length: ${bytes.length}`] : all);
    client.socket.write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]));
    try {
      return await client.answer(method === 'HEAD');
    } finally {
      client.close();
    }
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
