import { Http1Wire } from './http1-wire.js';
import { askHttp2, Http2Wire, wholeRequest } from './http2-wire.js';
import type { Protocol, Wire, WireAnswer, WireRequest } from './wire.js';

/** Opens a connection. Over HTTP/2, it cannot send two lines of one name: see `askOnce`. */
export function openWire(port: number, protocol: Protocol): Promise<Wire> {
  return protocol === 'h2' ? Http2Wire.open(port) : Http1Wire.open(port, protocol === 'https');
}

/** One request on a connection of its own. */
export async function askOnce(port: number, protocol: Protocol, request: WireRequest): Promise<WireAnswer> {
  if (protocol === 'h2') return askHttp2(port, wholeRequest(request));
  const wire = await openWire(port, protocol);
  try {
    return await wire.ask(request);
  } finally {
    wire.close();
  }
}
