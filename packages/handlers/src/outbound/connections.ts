import type { SecureContextOptions } from 'node:tls';
import { ownMembers } from '@sallyport/core/extend';
import type { Dispatcher, Pool } from 'undici';
import type { OutboundSettings } from './outbound-options.js';

const ERRNO = /^[A-Z][A-Z0-9_]{1,60}$/;

/** Why there is no connection. The message of the error is left out: it may quote what was sent. */
export function connectionProblem({ code }: { readonly code?: unknown }): string {
  return `the connection failed${typeof code === 'string' && ERRNO.test(code) ? ` (${code})` : ''}`;
}

/** The connections to other servers: a pool for each origin, opened with the first call. */
export class Connections {
  readonly #open: (origin: string) => Pool;
  readonly #pools = new Map<string, Pool>();

  private constructor(open: (origin: string) => Pool) {
    this.#open = open;
  }

  /** Loads the HTTP client on first use: a server without outbound calls does not load it. */
  static async load(settings: OutboundSettings): Promise<Connections> {
    const { maxConcurrent, timeoutMs } = settings;
    const [undici, tls] = await Promise.all([import('undici'), tlsOptions(settings)]);
    const options = ownMembers({
      connections: maxConcurrent,
      connect: { timeout: timeoutMs, ...tls },
      // The deadline of each call ends it, but not a connection that is being made.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return new this((origin) => new undici.Pool(origin, options));
  }

  dispatch(origin: string, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      pool = this.#open(origin);
      this.#pools.set(origin, pool);
    }
    pool.dispatch(options, handler);
  }

  /** Calls under way fail. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
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

async function tlsOptions(
  settings: OutboundSettings,
): Promise<SecureContextOptions & { readonly rejectUnauthorized: boolean }> {
  const { certificateAuthorities, clientCertificate, dangerouslyAcceptAnyCertificate } = settings;
  return {
    ...UNSAID,
    ...(certificateAuthorities && { ca: [...(await rootCertificates()), ...certificateAuthorities] }),
    ...clientCertificate,
    rejectUnauthorized: !dangerouslyAcceptAnyCertificate,
  };
}

/** Loaded on first use: importing it takes as long as importing a whole handler. */
async function rootCertificates(): Promise<readonly string[]> {
  return (await import('node:tls')).rootCertificates;
}
