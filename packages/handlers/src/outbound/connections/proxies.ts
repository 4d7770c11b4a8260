import type { Dispatcher, ProxyAgent } from 'undici';
import { ProxyFailure } from './connection-failure.js';
import type { ConnectionSettings } from './connection-options.js';
import type { TlsOptions } from './tls-options.js';

type Undici = typeof import('undici');

/** Makes the calls of a client through a proxy; undefined where it has none. */
export function throughProxies(
  undici: Undici,
  { proxy, maxConcurrent, timeoutMs }: ConnectionSettings,
  tls: { readonly server: TlsOptions; readonly proxy: TlsOptions },
): Dispatcher | undefined {
  if (proxy === undefined) return undefined;
  const options = {
    connections: maxConcurrent,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: tls.server,
    requestTls: tls.server,
    proxyTls: tls.proxy,
    clientFactory: tellingPools(undici, { connections: maxConcurrent, headersTimeout: timeoutMs }),
  } as Omit<ProxyAgent.Options, 'uri'>;
  return proxy === 'environment'
    ? new undici.EnvHttpProxyAgent(options)
    : new undici.ProxyAgent({ ...options, uri: proxy });
}

/**
 * Makes pools of connections to a proxy. Their errors say which proxy failed, and how. A proxy has as much time to
 * answer as a call.
 */
function tellingPools(
  { Pool }: Undici,
  limits: { readonly connections: number; readonly headersTimeout: number },
): (proxy: URL, options: object) => Dispatcher {
  class TellingPool extends Pool {
    readonly #host: string;

    constructor({ host, origin }: URL, options: object) {
      super(origin, { ...options, ...limits });
      this.#host = host;
    }

    // undici asks for a promise, and never gives a callback here.
    override async connect(options: Dispatcher.ConnectOptions): Promise<never> {
      const opened = await super.connect(options).catch((error: { readonly code?: unknown }) => {
        throw new ProxyFailure(this.#host, String(error.code));
      });
      if (opened.statusCode === 200) return opened as never;
      opened.socket.on('error', () => {}).destroy();
      throw new ProxyFailure(this.#host, opened.statusCode);
    }
  }
  return (proxy, options) => new TellingPool(proxy, options);
}
