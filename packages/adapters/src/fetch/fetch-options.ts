import { option } from '@sallyport/core/extend';
import { type AdapterOptions, adapterOptions, type CheckedAdapterOptions } from '../gate/adapter-options.js';
import { TrustedProxies } from '../proxies/trusted-proxies.js';
import type { RemoteAddress } from './peer-addresses.js';

type Context = readonly [request: Request];
type Answer = Response | Promise<Response>;

export const FETCH_SECURITY = option.table('FetchSecurityOptions', {
  remoteAddress: option.optional(option.callable<RemoteAddress>()),
  peerAddress: option.optional(option.callable<RemoteAddress>()),
});

export interface FetchSecurityOptions extends AdapterOptions<Context, Answer> {
  /**
   * Tells the address of the client from the request and what the server passes after it (in Hono `c.env`): on Deno
   * `(_, info) => info.remoteAddr.hostname`, on Bun `(request, server) => server.requestIP(request)?.address`, on
   * Workers `(request) => request.headers.get('cf-connecting-ip')`. On Node the connection tells it. Default: unknown
   * elsewhere, unless `trustedHops` are given; then limits by network cannot work, which a warning says.
   */
  readonly remoteAddress?: RemoteAddress | undefined;
  /**
   * Tells the address at the other end of the connection, by which `clientCertificates` knows its proxies. Only the server may
   * tell it, never a header, which any client can send: on Deno `(_, info) => info.remoteAddr.hostname`, on Bun
   * `(request, server) => server.requestIP(request)?.address`. On Node the connection tells it. Default: unknown elsewhere;
   * then no forwarded certificate counts.
   */
  readonly peerAddress?: RemoteAddress | undefined;
}

export const fetchOptions = option.merged(adapterOptions, FETCH_SECURITY);

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedFetchOptions(options: FetchSecurityOptions) {
  const checked = fetchOptions(options);
  const { clientCertificates, remoteAddress, peerAddress } = checked;
  if (clientCertificates !== undefined && remoteAddress !== undefined && peerAddress === undefined)
    throw option.invalid(
      'FetchSecurityOptions.peerAddress',
      'is needed for clientCertificates beside remoteAddress, which may be what a client says',
    );
  return { ...checked, proxies: new TrustedProxies(checked) } as CheckedAdapterOptions<Context, Answer> &
    option.Kept<typeof FETCH_SECURITY>;
}
