import { readFile } from 'node:fs/promises';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import type { ConnectionSettings } from './connection-options.js';

/** Who is believed, and as whom we come. */
export interface TlsOptions extends SecureContextOptions {
  /** What the other members say, read once for all connections. */
  readonly secureContext: SecureContext | undefined;
  readonly rejectUnauthorized: boolean;
  /** For a connection, in milliseconds. */
  readonly timeout: number;
}

/** What decides who is believed, and as whom we come. Node reads what is not said through the prototype of its options. */
const UNSAID = Object.freeze({
  ca: undefined,
  crl: undefined,
  allowPartialTrustChain: undefined,
  secureContext: undefined,
  cert: undefined,
  key: undefined,
  pfx: undefined,
  passphrase: undefined,
  minVersion: undefined,
  maxVersion: undefined,
  secureProtocol: undefined,
  secureOptions: undefined,
});

/** For connections to servers, and for those to a proxy, which is not shown our certificate. */
export async function tlsOptions(settings: ConnectionSettings): Promise<{ server: TlsOptions; proxy: TlsOptions }> {
  const { certificateAuthorities, clientCertificate, dangerouslyAcceptAnyCertificate, timeoutMs } = settings;
  const proxy: TlsOptions = {
    ...UNSAID,
    ...(certificateAuthorities && { ca: [...(await trustedByNode()), ...certificateAuthorities] }),
    rejectUnauthorized: !dangerouslyAcceptAnyCertificate,
    timeout: timeoutMs,
  };
  const server = await readOnce({ ...proxy, ...clientCertificate });
  return { server, proxy: clientCertificate === undefined ? server : await readOnce(proxy) };
}

/**
 * Node reads the authorities of each connection anew, where these are not its own: 144 of them take some 20 ms, during which
 * nothing else runs. What cannot be read is left to the connections, whose errors tell why.
 */
async function readOnce(options: TlsOptions): Promise<TlsOptions> {
  if (options.ca === undefined) return options;
  const { createSecureContext } = await import('node:tls');
  try {
    return { ...options, secureContext: createSecureContext(options) };
  } catch {
    return options;
  }
}

/** Node.js 20 lacks the second. */
interface NodeAuthorities {
  readonly rootCertificates: readonly string[];
  readonly getCACertificates?: (type: 'default') => readonly string[];
}

/**
 * Whoever names authorities replaces all of Node's, so they are given back. Loaded on first use: importing `node:tls` takes
 * as long as importing a whole handler.
 */
async function trustedByNode(): Promise<readonly string[]> {
  const { rootCertificates, getCACertificates }: NodeAuthorities = await import('node:tls');
  if (getCACertificates !== undefined) return getCACertificates('default');
  extra ??= extraCertificates();
  return [...rootCertificates, ...(await extra)];
}

/** Node itself reads them once, as it starts. */
let extra: Promise<readonly string[]> | undefined;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Those of `NODE_EXTRA_CA_CERTS`, where Node cannot tell them. As Node does, it goes on without a file that is unfit. */
async function extraCertificates(): Promise<readonly string[]> {
  const path = process.env['NODE_EXTRA_CA_CERTS'];
  if (path === undefined || path === '') return [];
  const text = await readFile(path, 'latin1').catch(() => '');
  const { X509Certificate } = await import('node:crypto');
  return (text.match(CERTIFICATE) ?? []).filter((pem) => {
    try {
      return new X509Certificate(pem).raw.length > 0;
    } catch {
      return false;
    }
  });
}
