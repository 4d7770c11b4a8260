import { readFile } from 'node:fs/promises';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import type { ConnectionSettings } from './connection-options.js';

/** Which certificates are trusted, and which one is shown. */
export interface TlsOptions extends SecureContextOptions {
  /** What the other members say, read once for all connections. */
  readonly secureContext: SecureContext | undefined;
  readonly rejectUnauthorized: boolean;
  /** Time limit for making a connection, in milliseconds. */
  readonly timeout: number;
}

/**
 * The options that decide about trust, all set explicitly. Node would otherwise read them through the prototype of its
 * options.
 */
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

/** The TLS options for servers, and those for a proxy. A proxy does not see our certificate. */
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

/** `getCACertificates` is missing in Node.js 20. */
interface NodeAuthorities {
  readonly rootCertificates: readonly string[];
  readonly getCACertificates?: (type: 'default') => readonly string[];
}

/**
 * The authorities that Node trusts by itself. They are added, because the option `ca` replaces them all. `node:tls` is
 * loaded on first use: importing it takes as long as importing a whole handler.
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

/**
 * The certificates of `NODE_EXTRA_CA_CERTS`, for versions of Node that cannot list them. A file that cannot be read is
 * skipped, as Node does.
 */
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
