import type { IncomingMessage } from 'node:http';

/** By the sockets that were handed over to the WebSocket server. */
const handshakes = new WeakMap<object, IncomingMessage>();

export function keepHandshake(socket: object, request: IncomingMessage): void {
  handshakes.set(socket, request);
}

/** What clients of `ws` and of socket.io tell of their connection. */
interface Client {
  readonly _socket?: object;
  readonly request?: object;
}

/** The request that a client of a gateway has opened its connection with. Undefined where no chain was asked about it. */
export function handshakeOf(client: Client | undefined): IncomingMessage | undefined {
  const { _socket: socket = (client?.request as { readonly socket?: object } | undefined)?.socket } = client ?? {};
  return socket === undefined ? undefined : handshakes.get(socket);
}
