import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';

const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/**
 * Stands for the documents' authorization server, over https: an introspection endpoint (RFC 7662) that knows two tokens,
 * and an issuer of JWTs with its metadata (RFC 8414) and key.
 */
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
    const server = createServer({ key, cert }, (request, response) => void answer(request, response)).listen(0);
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

  /** An access token (RFC 9068) that says what one of the two tokens says; what is neither stays as it is. */
  jwt(token: string, audience: string): string {
    const iat = Math.floor(Date.now() / 1_000);
    const known = TOKENS[token];
    if (known === undefined) return token;
    const { sub, scope } = known;
    const claims = { iss: this.origin, sub, scope, aud: audience, client_id: 'shop', jti: token, iat, exp: iat + 60 };
    return signed('at+jwt', claims);
  }

  /** A logout token (OpenID Connect Back-Channel Logout 1.0 2.4) about alice. */
  logoutToken(audience: string): string {
    const iat = Math.floor(Date.now() / 1_000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const claims = { iss: this.origin, aud: audience, sub: 'alice', iat, exp: iat + 60, jti: 'logout', events };
    return signed('logout+jwt', claims);
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true });
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

function signed(typ: string, claims: object): string {
  const parts = [{ alg: 'ES256', typ, kid: 'key-1' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const input = parts.join('.');
  const signature = sign('sha256', Buffer.from(input), { key: KEY.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const ACTIVE = { active: true, sub: 'alice', token_type: 'Bearer' };
const TOKENS: Readonly<Record<string, { readonly sub: string; readonly scope: string }>> = {
  reader: { ...ACTIVE, scope: 'orders:read' },
  writer: { ...ACTIVE, scope: 'orders:read orders:write' },
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const issuer = `https://${request.headers.host}`;
  response.setHeader('Content-Type', 'application/json');
  if (request.url === '/jwks') {
    const jwk = { ...KEY.publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'ES256', use: 'sig' };
    response.end(JSON.stringify({ keys: [jwk] }));
  } else if (request.url?.startsWith('/.well-known/')) {
    response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }));
  } else {
    const token = new URLSearchParams(await text(request)).get('token') ?? '';
    response.end(JSON.stringify(TOKENS[token] ?? { active: false }));
  }
}
