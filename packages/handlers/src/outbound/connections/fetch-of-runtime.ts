import { ownMembers } from '@sallyport/core/extend';
import type { ConnectionSettings } from './connection-options.js';
import type { Fetch } from './fetched-connections.js';
import { tlsOptions } from './tls-options.js';

/** Looked up for each call, as applications may have replaced it. */
export const fetchOfRuntime: Fetch = (url, init) => fetch(url, init);

/** That of Bun takes what decides about trust and the proxy with each call. */
export async function fetchOfBun(settings: ConnectionSettings): Promise<Fetch> {
  const { proxy } = settings;
  const { server } = await tlsOptions(settings);
  const { ca, cert, key, rejectUnauthorized } = server;
  const tls = ownMembers({ ca, cert, key, rejectUnauthorized });
  const ofBun = proxy === undefined || proxy === 'environment' ? { tls } : { tls, proxy };
  return (url, init) => fetch(url, ownMembers({ ...init, ...ofBun }));
}
