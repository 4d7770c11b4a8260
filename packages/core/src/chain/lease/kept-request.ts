import { sourceOf } from '../../handler/credential-source.js';
import type { SecurityHandler } from '../../handler/handler.js';
import { RECHECKED } from '../../request/limit-uses.js';
import type { IncomingRequest } from '../../request/request.js';

/** Header lines that carry credentials or proofs whoever reads them. */
const NEVER_KEPT = ['authorization', 'proxy-authorization', 'cookie', 'dpop', 'sec-websocket-protocol'];

/**
 * What guards are asked about again: the method, the path, the route, the address of the client, and the header lines. It
 * has neither a query, nor a header line in which one of these handlers looks for credentials, nor a certificate or body. Limits do
 * not count it.
 */
export function keptRequest(request: IncomingRequest, handlers: readonly SecurityHandler[]): IncomingRequest {
  const { method, target, rawHeaders, headersFrom, remoteAddress, route } = request;
  const withheld = new Set([...NEVER_KEPT, ...handlers.flatMap(headersReadBy)]);
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (!withheld.has(name.toLowerCase())) kept.push(name, rawHeaders[index + 1] as string);
  }
  return {
    method,
    target: target.split('?', 1)[0] as string,
    rawHeaders: kept,
    headersFrom,
    remoteAddress,
    route,
    identity: RECHECKED,
  };
}

function headersReadBy(handler: SecurityHandler): readonly string[] {
  return sourceOf(handler).places.flatMap(({ at }) => {
    const [kind, name] = at.split(':', 2);
    return kind === 'header' && name !== undefined ? [name] : [];
  });
}
