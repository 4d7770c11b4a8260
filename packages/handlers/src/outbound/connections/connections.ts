import { ownMembers } from '@sallyport/core/extend';
import type { Dispatcher, Pool } from 'undici';
import type { ConnectionSettings } from './connection-options.js';
import { throughProxies } from './proxies.js';
import { tlsOptions } from './tls-options.js';

/** The connections of a client to other servers, opened with the first call. */
export interface Connections {
  dispatch(origin: string, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  /** Closes all connections. Calls that are under way fail. */
  close(): Promise<void>;
}

/** Loads the HTTP client on first use: a server without outbound calls does not load it. */
export async function openConnections(settings: ConnectionSettings): Promise<Connections> {
  const { dispatcher, maxConcurrent } = settings;
  if (dispatcher !== undefined) return new Dispatched(dispatcher, async () => {});
  const [undici, tls] = await Promise.all([import('undici'), tlsOptions(settings)]);
  const proxies = throughProxies(undici, settings, tls);
  if (proxies !== undefined) return new Dispatched(proxies, () => proxies.destroy());
  const options = ownMembers({
    connections: maxConcurrent,
    connect: tls.server,
    // Each call has its own deadline. Only the making of a connection needs a limit here.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return new Pools((origin) => new undici.Pool(origin, options));
}

/** A pool for each origin. */
class Pools implements Connections {
  readonly #open: (origin: string) => Pool;
  readonly #pools = new Map<string, Pool>();

  constructor(open: (origin: string) => Pool) {
    this.#open = open;
  }

  dispatch(origin: string, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      pool = this.#open(origin);
      this.#pools.set(origin, pool);
    }
    pool.dispatch(options, handler);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
}

/** A dispatcher that chooses the connection by itself. */
class Dispatched implements Connections {
  readonly #dispatcher: Dispatcher;
  readonly close: () => Promise<void>;

  constructor(dispatcher: Dispatcher, close: () => Promise<void>) {
    this.#dispatcher = dispatcher;
    this.close = close;
  }

  dispatch(origin: string, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#dispatcher.dispatch({ ...options, origin }, handler);
  }
}
