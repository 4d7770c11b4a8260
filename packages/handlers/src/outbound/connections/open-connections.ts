import { type Eventually, ownMembers, runtime } from '@sallyport/core/extend';
import type { Dispatcher, Pool } from 'undici';
import type { ConnectionSettings } from './connection-options.js';
import type { Connections, SentRequest } from './connections.js';
import { fetchOfBun, fetchOfRuntime } from './fetch-of-runtime.js';
import { FetchedConnections } from './fetched-connections.js';
import { throughProxies } from './proxies.js';
import { tlsOptions } from './tls-options.js';

/** Bun and Workers have no sockets that undici could use. */
export function openConnections(settings: ConnectionSettings): Eventually<Connections> {
  const { dispatcher, fetch } = settings;
  if (fetch !== undefined) return new FetchedConnections(fetch);
  if (dispatcher !== undefined) return new Dispatched(dispatcher, async () => {});
  if (runtime === 'node') return openPools(settings);
  return runtime === 'bun'
    ? fetchOfBun(settings).then((own) => new FetchedConnections(own))
    : new FetchedConnections(fetchOfRuntime);
}

/** Loads the HTTP client on first use: a server without outbound calls does not load it. */
async function openPools(settings: ConnectionSettings): Promise<Connections> {
  const { maxConcurrent } = settings;
  const [undici, tls] = await Promise.all([import('#undici'), tlsOptions(settings)]);
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
  readonly undoCodings = false;
  readonly #open: (origin: string) => Pool;
  readonly #pools = new Map<string, Pool>();

  constructor(open: (origin: string) => Pool) {
    this.#open = open;
  }

  dispatch(origin: string, request: SentRequest, handler: Dispatcher.DispatchHandler): void {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      pool = this.#open(origin);
      this.#pools.set(origin, pool);
    }
    pool.dispatch(request, handler);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
}

/** A dispatcher that chooses the connection by itself. */
class Dispatched implements Connections {
  readonly undoCodings = false;
  readonly #dispatcher: Dispatcher;
  readonly close: () => Promise<void>;

  constructor(dispatcher: Dispatcher, close: () => Promise<void>) {
    this.#dispatcher = dispatcher;
    this.close = close;
  }

  dispatch(origin: string, request: SentRequest, handler: Dispatcher.DispatchHandler): void {
    this.#dispatcher.dispatch({ ...request, origin }, handler);
  }
}
