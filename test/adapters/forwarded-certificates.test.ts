import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request as ask, createServer as createHttp, type Server } from 'node:http';
import { request as askOverTls, createServer as createHttps } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { AdapterOptions } from '@sallyport/adapters/extend';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { type CertificateEvent, httpSecurity, onCertificateEvent, upgradeSecurity } from '@sallyport/adapters/http';
import { anonymous, SecurityChain } from '@sallyport/core';
import { type ClientCertificate, type SecurityRequest, thumbprintOf } from '@sallyport/core/extend';
import vectors from '../vectors/certificates/forwarded.json' with { type: 'json' };
import { ask as askRaw, requestText } from './raw-client.js';
import { testCertificate } from './test-certificate.js';

type Certificates = NonNullable<AdapterOptions<[]>['clientCertificates']>;
type Row = (typeof vectors.rows)[number] & {
  readonly chain?: readonly string[];
  readonly thumbprint?: string;
  readonly authorities?: readonly string[];
};

const ROWS = vectors.rows as readonly Row[];
const [RFC9440] = ROWS as [Row];
const LOOPBACK = ['127.0.0.0/8', '::1'];

const closing: (() => Promise<unknown>)[] = [];
let events: CertificateEvent[] = [];

beforeEach(() => {
  events = [];
  const stop = onCertificateEvent((event) => events.push(event));
  closing.push(async () => stop());
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  jest.restoreAllMocks();
});

type Told = ReturnType<SecurityRequest['clientCertificate']>;

/** A chain that lets everybody in and notes the certificates. */
function noting(): { chain: SecurityChain; told: Told[] } {
  const told: Told[] = [];
  const look = (_principal: unknown, request: SecurityRequest) => told.push(request.clientCertificate()) > 0;
  return { chain: new SecurityChain({ requirement: anonymous(), guards: [look] }), told };
}

async function listening(server: Server, at: { port: number; host: string } | { path: string }): Promise<Server> {
  server.listen(at);
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return server;
}

const portOf = (server: Server) => (server.address() as { port: number }).port;

/** What a server behind a proxy makes of these header lines. */
async function told(certificates: Certificates, lines: readonly string[]): Promise<Told> {
  const { chain, told: seen } = noting();
  const listener = httpSecurity(chain, { clientCertificates: certificates })((_request, response) => response.end());
  const port = portOf(await listening(createHttp(listener), { port: 0, host: '127.0.0.1' }));
  const answer = await askRaw(port, 'http', requestText('GET', '/', lines));
  expect(answer.status).toBe(200);
  expect(seen).toHaveLength(1);
  return seen[0];
}

const shown = (one: Told) =>
  one === undefined || !('x509' in one)
    ? one?.reason
    : { thumbprint: thumbprintOf(one.x509), isVerified: one.isVerified, chain: one.chain.map(thumbprintOf) };

describe('a certificate is read in the form that the proxy writes', () => {
  test.each(ROWS.map((row) => [row.rfc, row.title, row] as const))('%s: %s', async (_rfc, _title, row) => {
    const lines = [`Client-Cert: ${row.value}`, ...(row.chain ?? []).map((line) => `Client-Cert-Chain: ${line}`)];
    const format = row.format as Certificates['format'];
    const found = await told({ proxies: LOOPBACK, format, chainHeader: 'client-cert-chain' }, lines);
    const expected = { thumbprint: row.thumbprint, isVerified: false, chain: row.authorities ?? [] };
    expect(shown(found)).toEqual(row.thumbprint === undefined ? 'client_certificate_malformed' : expected);
    expect(events).toEqual([]);
  });

  test('no chain is read without its option', async () => {
    const found = await told({ proxies: LOOPBACK }, [`Client-Cert: ${RFC9440.value}`, 'Client-Cert-Chain: nonsense']);
    expect(shown(found)).toMatchObject({ chain: [] });
  });

  test('a header of another name is read where the option says so, in any case', async () => {
    const options = { proxies: LOOPBACK, header: 'X-SSL-Client-Cert', format: 'der' } as const;
    const value = RFC9440.value.slice(1, -1);
    expect(shown(await told(options, [`x-ssl-CLIENT-cert: ${value}`]))).toMatchObject({
      thumbprint: RFC9440.thumbprint,
    });
    expect(await told(options, [`Client-Cert: ${RFC9440.value}`])).toBeUndefined();
  });

  test.each([[], ['Client-Cert:'], ['Client-Cert:  ']])(
    'no header, or an empty one, is no certificate: %j',
    async (...lines) => {
      expect(await told({ proxies: LOOPBACK }, lines)).toBeUndefined();
    },
  );

  test('a certificate that was read before is the same object', async () => {
    const { chain, told: seen } = noting();
    const secured = httpSecurity(chain, { clientCertificates: { proxies: LOOPBACK } })((_, response) => response.end());
    const port = portOf(await listening(createHttp(secured), { port: 0, host: '127.0.0.1' }));
    for (let request = 0; request < 2; request += 1)
      await askRaw(port, 'http', requestText('GET', '/', [`Client-Cert: ${RFC9440.value}`]));
    const [first, second] = seen as ClientCertificate[];
    expect(second?.x509).toBe(first?.x509);
  });
});

describe('only a trusted proxy forwards a certificate (RFC 9440 4; RFC 8705 7.2)', () => {
  test.each<[string, readonly string[], boolean]>([
    ['the address itself', ['127.0.0.1'], true],
    ['a network around it', ['10.0.0.0/8', '127.0.0.0/30'], true],
    ['everybody in IPv4', ['0.0.0.0/0'], true],
    ['IPv4 in IPv6', ['::ffff:127.0.0.1'], true],
    ['another address', ['127.0.0.2'], false],
    ['a network beside it', ['127.0.1.0/24'], false],
    ['everybody in IPv6', ['fd00::/8'], false],
    ['Unix domain sockets', ['unix'], false],
  ])('where proxies are %s: %j', async (_, proxies, isBelieved) => {
    const found = await told({ proxies }, [`Client-Cert: ${RFC9440.value}`]);
    expect(found !== undefined).toBe(isBelieved);
    const ignored = { kind: 'forwarded_certificate_ignored', header: 'client-cert', peer: '127.0.0.1' };
    expect(events).toEqual(isBelieved ? [] : [ignored]);
  });

  test('what others send is not even read: neither twice, nor malformed', async () => {
    for (const lines of [['Client-Cert: x'], ['Client-Cert: x', 'Client-Cert: y']])
      expect(await told({ proxies: '192.0.2.1' }, lines)).toBeUndefined();
    expect(events).toHaveLength(2);
  });

  test('X-Forwarded-For makes nobody a proxy, and no proxy of another one', async () => {
    const { chain, told: seen } = noting();
    const options = { trustedHops: 1, clientCertificates: { proxies: '192.0.2.1' } };
    const listener = httpSecurity(chain, options)((_request, response) => response.end());
    const port = portOf(await listening(createHttp(listener), { port: 0, host: '127.0.0.1' }));
    await askRaw(
      port,
      'http',
      requestText('GET', '/', [`Client-Cert: ${RFC9440.value}`, 'X-Forwarded-For: 192.0.2.1']),
    );
    expect(seen).toEqual([undefined]);
  });

  test('nobody hears of it: the operator is warned once, without what was sent', async () => {
    for (const close of closing.splice(0)) await close();
    const warnings: string[] = [];
    jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
    for (let request = 0; request < 3; request += 1)
      await told({ proxies: '192.0.2.7', header: 'x-told-once' }, ['X-Told-Once: forged']);
    expect(warnings).toEqual([expect.stringMatching(/x-told-once.*clientCertificates/)]);
    expect(warnings.join()).not.toContain('forged');
  });

  test('two lines are refused: a proxy that adds its own to that of the client is no proof', async () => {
    const twice = [`Client-Cert: ${RFC9440.value}`, `Client-Cert: ${RFC9440.value}`];
    expect(shown(await told({ proxies: LOOPBACK }, twice))).toBe('client_certificate_doubled');
    expect(shown(await told({ proxies: LOOPBACK }, ['Client-Cert:', ...twice.slice(1)]))).toBe(
      'client_certificate_doubled',
    );
  });

  test('the certificate of the TLS connection is that of the proxy, and never the client’s', async () => {
    const pair = await testCertificate();
    const tls = { ...pair, ca: pair.cert, requestCert: true, rejectUnauthorized: false };
    const seen = async (clientCertificates: Certificates | undefined, headers: Record<string, string>) => {
      const { chain, told: seenBy } = noting();
      const listener = httpSecurity(chain, { clientCertificates })((_request, response) => response.end());
      const server = await listening(createHttps(tls, listener), { port: 0, host: '127.0.0.1' });
      const sent = askOverTls({
        host: '127.0.0.1',
        port: portOf(server),
        agent: false,
        rejectUnauthorized: false,
        ...pair,
        headers,
      });
      const [response] = await once(sent.end(), 'response');
      response.resume();
      return shown(seenBy[0]);
    };
    const own = thumbprintOf(new X509Certificate(pair.cert));
    expect(await seen(undefined, {})).toMatchObject({ thumbprint: own, isVerified: true });
    expect(await seen({ proxies: LOOPBACK }, {})).toBeUndefined();
    expect(await seen({ proxies: '192.0.2.1' }, {})).toBeUndefined();
    expect(await seen({ proxies: LOOPBACK }, { 'client-cert': RFC9440.value })).toMatchObject({
      thumbprint: RFC9440.thumbprint,
    });
  });

  test('a proxy over a Unix domain socket is trusted by its name, also while the server closes', async () => {
    const path = join(tmpdir(), `sallyport-${process.pid}-${Date.now()}.sock`);
    const seen = async (proxies: string) => {
      const { chain, told: seenBy } = noting();
      const answer = httpSecurity(chain, { clientCertificates: { proxies } })((_request, response) => response.end());
      const server = await listening(
        createHttp((request, response) => {
          answer(request, response);
          server.close();
        }),
        { path },
      );
      const socket = connect(path);
      socket.end(`GET / HTTP/1.1\r\nHost: a\r\nClient-Cert: ${RFC9440.value}\r\n\r\n`.repeat(2)).resume();
      await once(socket, 'close');
      return seenBy.map((one) => one !== undefined);
    };
    expect(await seen('unix')).toEqual([true, true]);
    expect(await seen('127.0.0.1')).toEqual([false, false]);
  });

  test('on upgrades, too', async () => {
    for (const [proxies, reason] of [
      [LOOPBACK, RFC9440.thumbprint],
      ['192.0.2.1', undefined],
    ] as const) {
      const { chain, told: seen } = noting();
      const secured = upgradeSecurity(chain, { clientCertificates: { proxies } });
      const server = createHttp().on(
        'upgrade',
        secured((_request, socket) => void socket.end('HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')),
      );
      const port = portOf(await listening(server, { port: 0, host: '127.0.0.1' }));
      const headers = { connection: 'upgrade', upgrade: 'x', 'client-cert': RFC9440.value };
      await once(ask({ port, host: '127.0.0.1', headers, agent: false }).end(), 'upgrade');
      expect((shown(seen[0]) as { thumbprint?: string } | undefined)?.thumbprint).toBe(reason);
    }
  });

  test.each([
    ['127.0.0.1', RFC9440.thumbprint],
    ['192.0.2.9', undefined],
    [undefined, undefined],
  ])('on fetch servers of other runtimes, by what peerAddress tells: %s', async (peer, thumbprint) => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { chain, told: seen } = noting();
    const options = { clientCertificates: { proxies: LOOPBACK }, peerAddress: () => peer };
    const headers = { 'client-cert': RFC9440.value };
    await fetchSecurity(chain, options)(() => new Response(''))(new Request('http://a/', { headers }));
    expect((shown(seen[0]) as { thumbprint?: string } | undefined)?.thumbprint).toBe(thumbprint);
  });

  test('on fetch servers, not by remoteAddress: it may read a header that any client can send', async () => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { chain, told: seen } = noting();
    const certificates = { clientCertificates: { proxies: LOOPBACK } };
    const claimed = { remoteAddress: (request: Request) => request.headers.get('x-real-ip') };
    const headers = { 'client-cert': RFC9440.value, 'x-real-ip': '127.0.0.1' };
    const options = { ...certificates, ...claimed, peerAddress: () => '192.0.2.9' };
    await fetchSecurity(chain, options)(() => new Response(''))(new Request('http://a/', { headers }));
    expect(shown(seen[0])).toBeUndefined();
    expect(() => fetchSecurity(chain, { ...certificates, ...claimed })).toThrow('peerAddress is needed');
  });

  test('on fetch servers, lines that were joined are no certificate', async () => {
    const headers = new Headers({ 'client-cert': RFC9440.value });
    headers.append('client-cert', RFC9440.value);
    const { chain, told: seen } = noting();
    const options = { clientCertificates: { proxies: LOOPBACK }, peerAddress: () => '127.0.0.1' };
    await fetchSecurity(chain, options)(() => new Response(''))(new Request('http://a/', { headers }));
    expect(shown(seen[0])).toBe('client_certificate_malformed');
  });
});

describe('a certificate is verified where the proxy says so', () => {
  const line = `Client-Cert: ${RFC9440.value}`;

  test.each<[string, Partial<Certificates>, readonly string[], boolean]>([
    ['nothing says so', {}, [], false],
    ['nothing says so, whatever the header', {}, ['X-SSL-Client-Verify: SUCCESS'], false],
    ['the option says so of all', { allVerified: true }, [], true],
    ['nginx says so', { verifyHeader: 'X-SSL-Client-Verify' }, ['x-ssl-client-verify: SUCCESS'], true],
    ['HAProxy says so', { verifyHeader: 'X-SSL-Client-Verify' }, ['X-SSL-Client-Verify: 0'], true],
    ['nginx found it false', { verifyHeader: 'x-v' }, ['X-V: FAILED:self-signed certificate'], false],
    ['nginx got none', { verifyHeader: 'x-v' }, ['X-V: NONE'], false],
    ['HAProxy found it false', { verifyHeader: 'x-v' }, ['X-V: 18'], false],
    ['the header is missing', { verifyHeader: 'x-v' }, [], false],
    ['the header is empty', { verifyHeader: 'x-v' }, ['X-V:'], false],
    ['the header says something near', { verifyHeader: 'x-v' }, ['X-V: success'], false],
    ['the header says something longer', { verifyHeader: 'x-v' }, ['X-V: 00'], false],
  ])('%s: %j %j', async (_, options, lines, isVerified) => {
    expect(shown(await told({ proxies: LOOPBACK, ...options }, [line, ...lines]))).toMatchObject({ isVerified });
  });

  test('two lines of the result are refused', async () => {
    const found = await told({ proxies: LOOPBACK, verifyHeader: 'x-v' }, [line, 'X-V: SUCCESS', 'X-V: SUCCESS']);
    expect(shown(found)).toBe('client_certificate_doubled');
  });
});

test.each<[string, unknown]>([
  ['no proxies', {}],
  ['an empty list', { proxies: [] }],
  ['a name', { proxies: ['proxy.example'] }],
  ['a prefix that is too long', { proxies: ['10.0.0.0/33'] }],
  ['a prefix that is none', { proxies: ['10.0.0.0/x'] }],
  ['an empty prefix', { proxies: ['10.0.0.0/'] }],
  ['two prefixes', { proxies: ['10.0.0.0/8/8'] }],
  ['a zone', { proxies: ['fe80::1%eth0'] }],
  ['a header that is no name', { proxies: '10.0.0.1', header: 'a b' }],
  ['a format that nobody knows', { proxies: '10.0.0.1', format: 'xfcc' }],
  ['two ways to say what is verified', { proxies: '10.0.0.1', allVerified: true, verifyHeader: 'x-v' }],
])('the option is checked at the start: %s', (_, clientCertificates) => {
  const { chain } = noting();
  expect(() => httpSecurity(chain, { clientCertificates } as object)).toThrow(
    expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
  );
});
