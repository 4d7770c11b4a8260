import { httpSecurity } from '@sallyport/adapters/http';
import { MutualTlsHandler, type MutualTlsHandlerOptions } from '@sallyport/handlers/mutual-tls';
import { authority, type Issued, issue, type Wish } from '../../support/certificates.js';
import type { Cause, Scene } from './scene.js';

const authorities = new Map<string, Promise<Issued>>();

/** Known by its name in all causes. */
function known(name: string): Promise<Issued> {
  const made = authorities.get(name) ?? authority(name);
  authorities.set(name, made);
  return made;
}

const dns = (value: string) => ({ type: 'dns', value }) as const;

/** A request behind a proxy that forwards a certificate as RFC 9440 says. */
function forwarded(
  wish: Omit<Wish, 'by'>,
  {
    options = {},
    by = 'Company CA',
    proxies = '127.0.0.1',
    allVerified = true,
    times = 1,
    wrap = (base64: string) => `:${base64}:`,
  }: {
    readonly options?: Partial<MutualTlsHandlerOptions>;
    readonly by?: string;
    readonly proxies?: string;
    readonly allVerified?: boolean;
    readonly times?: number;
    readonly wrap?: (base64: string) => string;
  } = {},
) {
  return async (scene: Scene) => {
    const [company, issuer] = await Promise.all([known('Company CA'), known(by)]);
    const { x509 } = await issue({ ...wish, by: issuer });
    const requirement = new MutualTlsHandler(
      { identity: 'dns', issuedBy: company.cert, ...options },
      { clock: scene.clock },
    );
    const secure = httpSecurity(scene.chain({ requirement }), { clientCertificates: { proxies, allVerified } });
    scene.mount(secure((_request, response) => response.end('let in')));
    const line = `Client-Cert: ${wrap(x509.raw.toString('base64'))}`;
    await scene.send({ lines: Array.from({ length: times }, () => line) });
  };
}

const MACHINE = { names: [dns('till-7.example.org')] };

/** What is wrong with client certificates, and with proxies that forward them. */
export const CERTIFICATES: readonly Cause[] = [
  {
    cause: 'The client shows no certificate, or the server does not ask for one',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'nothing at tls:certificate (mutual-tls)',
    change: 'requestCert',
    provoke: forwarded(MACHINE, { times: 0 }),
  },
  {
    cause: 'The proxy that forwards the certificate is not among `proxies`, or a client has forged the header',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'nothing at tls:certificate (mutual-tls)',
    change: 'proxies',
    provoke: forwarded(MACHINE, { proxies: '10.0.0.5' }),
  },
  {
    cause: 'The proxy adds its header to that of the client',
    client: '400 invalid_request',
    reason: 'client_certificate_doubled',
    change: 'replace',
    provoke: forwarded(MACHINE, { times: 2 }),
  },
  {
    cause: 'The proxy writes the certificate in another form',
    client: '400 invalid_request',
    reason: 'client_certificate_malformed',
    words: 'client-cert holds no certificate in the format rfc9440',
    change: 'format',
    provoke: forwarded(MACHINE, { wrap: (base64) => base64 }),
  },
  {
    cause: 'Nobody has verified the certificate, or the proxy does not say so',
    client: '401 invalid_credentials',
    reason: 'certificate_unverified',
    change: 'verifyHeader',
    provoke: forwarded(MACHINE, { allVerified: false }),
  },
  {
    cause: 'Another authority has issued the certificate',
    client: '401 invalid_credentials',
    reason: 'certificate_issuer_unknown',
    change: 'issuedBy',
    provoke: forwarded(MACHINE, { by: 'Another CA' }),
  },
  {
    cause: 'The certificate has expired',
    client: '401 invalid_credentials',
    reason: 'certificate_expired',
    words: 'it ended at 2026-01-01T00:00:00.000Z',
    change: 'Renew',
    provoke: forwarded({ ...MACHINE, until: new Date('2026-01-01T00:00:00Z') }),
  },
  {
    cause: 'The certificate has no name of the kind that `identity` says',
    client: '401 invalid_credentials',
    reason: 'certificate_name_missing',
    words: 'the certificate has no dns name',
    change: 'identity',
    provoke: forwarded({ subject: [{ CN: ['till-7.example.org'] }] }),
  },
  {
    cause: 'The certificate has several such names',
    client: '401 invalid_credentials',
    reason: 'certificate_name_ambiguous',
    words: 'the certificate has 2 dns names',
    change: 'names',
    provoke: forwarded({ names: [dns('a.example.org'), dns('b.example.org')] }),
  },
  {
    cause: 'The name is not listed',
    client: '401 invalid_credentials',
    reason: 'certificate_name_unknown',
    words: 'no dns name is listed: "till-7.example.org"',
    change: 'names',
    provoke: forwarded(MACHINE, { options: { names: 'till-8.example.org' } }),
  },
  {
    cause: 'The certificate is for servers alone',
    client: '401 invalid_credentials',
    reason: 'certificate_use_mismatch',
    change: 'clientAuth',
    provoke: forwarded({ ...MACHINE, uses: ['1.3.6.1.5.5.7.3.1'] }),
  },
];
