import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';

/** Stands for the documents' authorization server: an introspection endpoint (RFC 7662) over https that knows two tokens. */
export class TokenAuthority {
  readonly origin: string;
  /** For NODE_EXTRA_CA_CERTS. */
  readonly certificateFile: string;
  readonly #server: Server;
  readonly #folder: string;

  static async start(): Promise<TokenAuthority> {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048,
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    const server = createServer({ key, cert }, answer).listen(0);
    await once(server, 'listening');
    return new TokenAuthority(server, cert);
  }

  private constructor(server: Server, cert: string) {
    this.#server = server;
    this.#folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    this.certificateFile = join(this.#folder, 'authority.pem');
    writeFileSync(this.certificateFile, cert);
    this.origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true });
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

const ACTIVE = { active: true, sub: 'alice', token_type: 'Bearer' };
const TOKENS: Readonly<Record<string, object>> = {
  reader: { ...ACTIVE, scope: 'orders:read' },
  writer: { ...ACTIVE, scope: 'orders:read orders:write' },
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const token = new URLSearchParams(await text(request)).get('token') ?? '';
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(TOKENS[token] ?? { active: false }));
}
