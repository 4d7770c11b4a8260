import type { IncomingMessage } from 'node:http';

/** The requests of handshakes that were handed over to a WebSocket server. */
const handshakes = new WeakSet<object>();
/** The same, by the sockets that are their own from then on. */
const ofSockets = new WeakMap<object, IncomingMessage>();

export function keepHandshake(socket: object, request: IncomingMessage): void {
  handshakes.add(request);
  ofSockets.set(socket, request);
}

/** What clients of `ws` tell of their connection, and what clients of socket.io do. */
interface Client {
  readonly _socket?: object;
  readonly request?: IncomingMessage;
}

/**
 * The request that a client of a gateway has opened its connection with. Undefined where no chain was asked about it.
 * Clients of socket.io name the request: one that polls shares its socket with whoever is behind the same proxy, and the
 * handshake of another client may follow there.
 */
export function handshakeOf(client: Client | undefined): IncomingMessage | undefined {
  const { _socket: socket, request } = client ?? {};
  if (socket !== undefined) return ofSockets.get(socket);
  return request !== undefined && handshakes.has(request) ? request : undefined;
}
