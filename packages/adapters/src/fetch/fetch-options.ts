import { option } from '@sallyport/core/extend';
import { ADAPTER_MEMBERS, type AdapterOptions, type OnDenied } from '../gate/adapter-options.js';
import type { RemoteAddress } from './peer-addresses.js';

type Answer = Response | Promise<Response>;

export const FETCH_SECURITY = option.table('FetchSecurityOptions', {
  ...ADAPTER_MEMBERS,
  onDenied: option.optional(option.callable<OnDenied<readonly [request: Request], Answer>>()),
  remoteAddress: option.optional(option.callable<RemoteAddress>()),
});

export interface FetchSecurityOptions extends AdapterOptions<readonly [request: Request], Answer> {
  /**
   * Tells the address of the client from the request and what the server passes after it (in Hono `c.env`): on Deno
   * `(_, info) => info.remoteAddr.hostname`, on Bun `(request, server) => server.requestIP(request)?.address`, on
   * Workers `(request) => request.headers.get('cf-connecting-ip')`. On Node the connection tells it. Default: unknown
   * elsewhere, unless `trustedHops` are given; then limits by network cannot work, which a warning says.
   */
  readonly remoteAddress?: RemoteAddress | undefined;
}
