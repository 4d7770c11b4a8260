import type { Http2ServerRequest } from 'node:http2';
import type { NodeRequest, NodeResponse } from './node-message.js';

/** How much of a refused body is discarded, and for how long, before the connection is closed. */
const MOST_BYTES = 67_108_864;
const LONGEST_MS = 10_000;

/**
 * Discards what is left of a body, within bounds. A client that still sends would not see the answer if its connection were
 * closed at once: the reset overtakes what it has not read yet (RFC 9112 9.6).
 */
export function discardRest(request: NodeRequest, response: NodeResponse | undefined): void {
  if (request.destroyed || request.readableEnded) return;
  let left = MOST_BYTES;
  const count = (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) breakOff();
  };
  const stop = () => {
    clearTimeout(timer);
    request.off('data', count);
    for (const event of OVER) request.off(event, stop);
  };
  const breakOff = () => {
    stop();
    request.pause();
    if (response === undefined || response.writableFinished) close(request);
    else response.once('finish', () => close(request));
  };
  const timer = setTimeout(breakOff, LONGEST_MS).unref();
  for (const event of OVER) request.on(event, stop);
  request.on('data', count);
}

const OVER = ['end', 'close', 'error'] as const;

/** Of HTTP/2, only the stream is closed, without an error: the answer is complete (RFC 9113 8.1). */
function close(request: NodeRequest): void {
  if (request.httpVersionMajor === 2) (request as Http2ServerRequest).stream.close();
  else request.destroy();
}
