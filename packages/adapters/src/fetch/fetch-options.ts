import { fieldNameCheck, option } from '@sallyport/core/extend';
import { type AdapterOptions, adapterOptions, type CheckedAdapterOptions } from '../gate/adapter-options.js';
import { TrustedProxies } from '../proxies/trusted-proxies.js';
import type { AddressHeader, RemoteAddress } from './peer-addresses.js';

type Context = readonly [request: Request];
type Answer = Response | Promise<Response>;

export const ADDRESS_HEADER = option.table('AddressHeader', {
  /** The name of the header, such as `CF-Connecting-IP`. */
  header: fieldNameCheck,
});

const remoteAddress = option.withSchema<RemoteAddress | AddressHeader>(ADDRESS_HEADER.schema, (value, name) =>
  typeof value === 'function' ? (value as RemoteAddress) : ADDRESS_HEADER(value as AddressHeader, name),
);

export const FETCH_SECURITY = option.table('FetchSecurityOptions', {
  remoteAddress: option.optional(remoteAddress),
  peerAddress: option.optional(option.callable<RemoteAddress>()),
});

export interface FetchSecurityOptions extends AdapterOptions<Context, Answer> {
  /**
   * Tells the address of the client: a function of the request and what the server passes after it (in Hono `c.env`), or the
   * header in which a platform tells it: on Workers `{ header: 'CF-Connecting-IP' }`. Name no header that clients can reach the
   * server with. Default: what the connection tells, on Node, Bun and Deno; unknown elsewhere, unless `trustedHops` are given.
   * Then limits by network cannot work, which a warning says.
   */
  readonly remoteAddress?: RemoteAddress | AddressHeader | undefined;
  /**
   * Tells the address at the other end of the connection, by which `clientCertificates` knows its proxies. Only the server may
   * tell it, never a header, which any client can send. Default: what the connection tells, on Node, Bun and Deno; unknown
   * elsewhere. Then no forwarded certificate counts.
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
