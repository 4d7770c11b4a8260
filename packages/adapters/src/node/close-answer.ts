import type { ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LeaseEnd } from '@sallyport/core';
import { systemClock, TimerWheel } from '@sallyport/core/extend';
import type { Closable, ClosableSocket } from '../gate/closable.js';

type Ending = Exclude<LeaseEnd, 'released'>;

/**
 * The status codes that close a WebSocket (RFC 6455 7.4.2 leaves 4000 to 4999 to applications): 4401 where the client may
 * come again with another credential, 4403 where that does not help. 1001 says that the server goes away.
 */
const CLOSE_CODES: Readonly<Record<Ending, number>> = { expired: 4401, revoked: 4401, denied: 4403, closed: 1001 };

/**
 * Ends what a lease has let go on. An event stream ends in good order, because its client connects again by itself and is
 * then judged anew. Any other answer is broken off: nobody may take a part of it for the whole. A WebSocket is told why by
 * its status code, and a socket may send what is left. Whoever is not gone after the grace is cut off.
 */
export function closeAnswer(closable: Closable, end: Ending, graceMs: number): void {
  // The application may not know yet, and write on: what nobody listens for would end the process.
  (closable as Partial<Duplex>).on?.('error', ignore);
  if (isWebSocket(closable)) {
    closable.close(CLOSE_CODES[end], end);
    cutOffAfter(graceMs, () => closable.terminate?.());
  } else if (isHttp2Stream(closable)) {
    closable.close(constants.NGHTTP2_CANCEL);
  } else if (!isResponse(closable)) {
    endSocket(closable);
    cutOffAfter(graceMs, () => closable.destroy());
  } else if (isEventStream(closable)) {
    closable.end();
    cutOffAfter(graceMs, () => breakOff(closable));
  } else breakOff(closable);
}

/** Calls the listener when the client or the application has closed it; at once if that is so already. */
export function whenClosed(closable: Closable, listener: () => void): void {
  if (isClosed(closable)) listener();
  else if ('once' in closable && typeof closable.once === 'function') closable.once('close', listener);
  else (closable as unknown as EventTarget).addEventListener?.('close', listener, { once: true });
}

function ignore(): void {}

function isClosed(closable: Closable): boolean {
  if (isWebSocket(closable)) return (closable as { readonly readyState?: number }).readyState === 3;
  const { destroyed, closed, stream } = closable as Partial<Http2ServerResponse & ServerHttp2Stream>;
  return destroyed ?? closed ?? stream?.destroyed ?? false;
}

function isWebSocket(closable: Closable): closable is ClosableSocket {
  const { close, send } = closable as { close?: unknown; send?: unknown };
  return typeof close === 'function' && typeof send === 'function';
}

function isHttp2Stream(closable: Closable): closable is ServerHttp2Stream {
  return 'respond' in closable && 'rstCode' in closable;
}

function isResponse(closable: Closable): closable is ServerResponse | Http2ServerResponse {
  return 'writeHead' in closable;
}

function breakOff(response: ServerResponse | Http2ServerResponse): void {
  const { stream } = response as Partial<Http2ServerResponse>;
  if (stream === undefined) response.destroy();
  else stream.close(constants.NGHTTP2_CANCEL);
}

/** What is written to the socket already is still sent. */
function endSocket(socket: Duplex & Partial<Pick<Socket, 'destroySoon'>>): void {
  if (typeof socket.destroySoon === 'function') socket.destroySoon();
  else socket.end();
}

/** Headers that were given to `writeHead` alone stand only in the text that Node has sent. */
function isEventStream(response: (ServerResponse | Http2ServerResponse) & { readonly _header?: unknown }): boolean {
  const { stream } = response as Partial<Http2ServerResponse>;
  const type = stream?.sentHeaders?.['content-type'] ?? response.getHeader('content-type');
  if (type !== undefined) return /^text\/event-stream\b/i.test(String(type));
  return /^content-type: *text\/event-stream\b/im.test(String(response._header ?? ''));
}

function cutOffAfter(graceMs: number, cutOff: () => void): void {
  TimerWheel.of(systemClock).after(graceMs, { due: cutOff });
}
