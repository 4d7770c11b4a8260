import { once } from 'node:events';
import { request as askDirectly, createServer, type Server } from 'node:http';
import { request as askOverTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CertificateEvent,
  type HttpSecurityOptions,
  httpSecurity,
  onCertificateEvent,
} from '@sallyport/adapters/http';
import { anyOf, SecurityChain } from '@sallyport/core';
import { type ClientCertificate, thumbprintOf } from '@sallyport/core/extend';
import { AuthorizationServer } from '@sallyport/core/testing';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { MutualTlsHandler } from '@sallyport/handlers/mutual-tls';
import { blocksOf } from '../docs/document-project.js';
import { authority, type Issued, issue } from '../support/certificates.js';
import { hasProxy, type ProxyName, ReverseProxy } from '../support/reverse-proxy.js';

/** From where the proxies connect; clients that come around them have another address. */
const PROXY = '127.0.0.2';
const BLOCKS = blocksOf('docs/mutual-tls.md');

type Certificates = NonNullable<HttpSecurityOptions['clientCertificates']>;

interface Row {
  readonly name: ProxyName;
  /** The block of docs/mutual-tls.md. */
  readonly file: string;
  readonly certificates: Certificates;
  /** Whether a certificate that it cannot verify comes through. */
  readonly takesAny: boolean;
  /** How it writes a certificate. */
  readonly written: (certificate: Issued) => string;
}

const USUAL = { proxies: PROXY, header: 'X-SSL-Client-Cert', verifyHeader: 'X-SSL-Client-Verify' };
const base64 = ({ x509 }: Issued) => x509.raw.toString('base64');

const ROWS: readonly Row[] = [
  {
    name: 'nginx',
    file: 'nginx.conf',
    certificates: { ...USUAL, format: 'pem' },
    takesAny: true,
    written: ({ cert }) => encodeURIComponent(cert),
  },
  {
    name: 'haproxy',
    file: 'haproxy.cfg',
    certificates: { proxies: PROXY, allVerified: true },
    takesAny: false,
    written: (certificate) => `:${base64(certificate)}:`,
  },
  {
    name: 'haproxy',
    file: 'haproxy-unverified.cfg',
    certificates: { ...USUAL, format: 'der' },
    takesAny: true,
    written: base64,
  },
];

let ca: Issued;
let till: Issued;
let other: Issued;
let selfSigned: Issued;
let files: Record<string, string>;
let issuer: AuthorizationServer;

beforeAll(async () => {
  const named = (value: string) => ({ names: [{ type: 'dns', value } as const] });
  ca = await authority('Company CA');
  const [server, one, two, own] = await Promise.all([
    issue({ by: ca, ...named('localhost') }),
    issue({ by: ca, ...named('till-7') }),
    issue({ by: ca, ...named('till-8') }),
    issue(named('till-7')),
  ]);
  [till, other, selfSigned] = [one, two, own];
  files = { 'ca.pem': ca.cert, 'server-key.pem': server.key, 'server.pem': server.cert + server.key };
  issuer = await AuthorizationServer.start();
});
afterAll(() => issuer.close());

/** A token of alice, good for a minute with this certificate (RFC 8705 3.1). */
function boundTo({ x509 }: Issued): string {
  const iat = Math.floor(Date.now() / 1_000);
  const times = { iat, exp: iat + 60, jti: 'a' };
  const cnf = { 'x5t#S256': thumbprintOf(x509) };
  return issuer.sign({ iss: issuer.issuer, aud: issuer.audience, sub: 'alice', client_id: 'till', ...times, cnf });
}

describe.each(ROWS)('$name, by $file of docs/mutual-tls.md', ({ name, file, certificates, takesAny, written }) => {
  const isThere = hasProxy(name);
  const tested = isThere ? test : test.skip;
  const title = (rule: string) => `${rule}${isThere ? '' : ` (skipped: no ${name})`}`;
  const events: CertificateEvent[] = [];
  const seen: (ClientCertificate | undefined)[] = [];
  let stop: () => void;
  let application: Server;
  let proxy: ReverseProxy | undefined;
  let port: number;

  beforeAll(async () => {
    if (!isThere) return;
    stop = onCertificateEvent((event) => events.push(event));
    const { issuer: name, audience, jwksUri } = issuer;
    const keys = { jwksUri, outbound: { allowInsecureLoopback: true } };
    const tokens = new JwtHandler({ realm: 'a', issuers: [{ issuer: name, audience, algorithms: 'ES256', keys }] });
    const machines = new MutualTlsHandler({ identity: 'dns', issuedBy: ca.cert });
    const look = (_: unknown, request: { clientCertificate(): unknown }) =>
      seen.push(request.clientCertificate() as ClientCertificate | undefined) > 0;
    const chain = new SecurityChain({ requirement: anyOf(tokens, machines), guards: [look] });
    const secure = httpSecurity(chain, { clientCertificates: certificates });
    application = createServer(secure((_request, response, { subject }) => response.end(subject)));
    application.listen(0, '127.0.0.1');
    await once(application, 'listening');
    ({ port } = application.address() as AddressInfo);
    const configuration = BLOCKS.find((block) => block.file === file)?.code ?? '';
    proxy = await ReverseProxy.start(proxyName(), { configuration, files, port, from: PROXY });
  });
  const proxyName = () => name;
  afterEach(() => {
    events.length = 0;
    seen.length = 0;
  });
  afterAll(async () => {
    if (!isThere) return;
    stop();
    await proxy?.close();
    application.closeAllConnections();
    await new Promise((resolve) => application.close(resolve));
  });

  /** Status and body of an answer; what went wrong where there is none. */
  async function ask(shown: Issued | undefined, headers: Record<string, string> = {}) {
    const { cert, key } = shown ?? {};
    return await answer(
      askOverTls({ host: '127.0.0.1', port: proxy?.port, agent: false, rejectUnauthorized: false, cert, key, headers }),
    );
  }

  async function around(headers: Record<string, string>) {
    return await answer(askDirectly({ host: '127.0.0.1', port, agent: false, headers }));
  }

  async function answer(request: ReturnType<typeof askDirectly>): Promise<string> {
    try {
      const [response] = await once(request.end(), 'response');
      const text: string[] = [];
      for await (const chunk of response) text.push(String(chunk));
      return response.statusCode === 200 ? `200 ${text.join('')}` : String(response.statusCode);
    } catch {
      return 'no connection';
    }
  }

  const headerName = certificates.header ?? 'Client-Cert';
  const forged = () => ({ [headerName]: written(till), 'X-SSL-Client-Verify': name === 'nginx' ? 'SUCCESS' : '0' });

  tested(title('forwards the certificate of a client, verified'), async () => {
    expect(await ask(till)).toBe('200 till-7');
    expect(seen.map((one) => one && [thumbprintOf(one.x509), one.isVerified])).toEqual([
      [thumbprintOf(till.x509), true],
    ]);
  });

  tested(title('a client without a certificate has none'), async () => {
    expect(await ask(undefined)).toBe('401');
    expect(events).toEqual([]);
  });

  tested(title('a certificate that it cannot verify identifies nobody'), async () => {
    expect(await ask(selfSigned)).toBe(takesAny ? '401' : 'no connection');
  });

  tested(title('a client that forges the header through the proxy gets nothing'), async () => {
    expect(await ask(undefined, forged())).toBe('401');
    expect(await ask(selfSigned, forged())).toBe(takesAny ? '401' : 'no connection');
    expect(await ask(other, forged())).toBe('200 till-8');
  });

  tested(title('a client that forges the header around the proxy gets nothing, and is told'), async () => {
    expect(await around(forged())).toBe('401');
    const told = { kind: 'forwarded_certificate_ignored', header: headerName.toLowerCase(), peer: '127.0.0.1' };
    expect(events).toEqual([told]);
  });

  tested(title('a bound token is good with its certificate alone (RFC 8705 3)'), async () => {
    const token = boundTo(till);
    const headers = { authorization: `Bearer ${token}` };
    expect(await ask(till, headers)).toBe('200 alice');
    expect(await ask(other, headers)).toBe('401');
    expect(await ask(undefined, headers)).toBe('401');
    expect(await ask(undefined, { ...headers, ...forged() })).toBe('401');
    expect(await around({ ...headers, ...forged() })).toBe('401');
    expect(await ask(till, headers)).toBe('200 alice');
  });

  tested(title('a token may be bound to a certificate that nobody has verified (RFC 8705 2.2)'), async () => {
    const token = boundTo(selfSigned);
    const expected = takesAny ? '200 alice' : 'no connection';
    expect(await ask(selfSigned, { authorization: `Bearer ${token}` })).toBe(expected);
  });
});
