import type { NodeRequest, NodeResponse } from './node-message.js';

/** By connection: whoever waits for its end. One listener of the socket for all, since any number of requests may wait. */
const waiting = new WeakMap<object, Set<() => void>>();

/**
 * Calls `listener` when the connection ends of a request that waits behind another one on it (HTTP/1.1 pipelining). Its
 * response has no socket yet and is never told, and its request tells nothing once it was read.
 */
export function whenConnectionEnds(
  request: NodeRequest,
  response: NodeResponse | undefined,
  listener: () => void,
): void {
  if (request.httpVersionMajor !== 1 || response === undefined || response.socket !== null) return;
  const { socket } = request;
  if (socket.destroyed) listener();
  else listenersOf(socket).add(listener);
  response.once('close', () => waiting.get(socket)?.delete(listener));
}

function listenersOf(socket: NodeRequest['socket']): Set<() => void> {
  const known = waiting.get(socket);
  if (known !== undefined) return known;
  const listeners = new Set<() => void>();
  waiting.set(socket, listeners);
  socket.once('close', () => {
    for (const listener of listeners) listener();
  });
  return listeners;
}
