import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { MissingBody } from '@sallyport/core/extend';
import { discardRest } from './discarding.js';
import type { NodeRequest, NodeResponse } from './node-message.js';

type ReadBody = Uint8Array | MissingBody;

/** What applications look for, and what body parsers may leave: the bytes as they were read. */
interface WithRawBody {
  rawBody?: unknown;
}

/** The part of a stream's state that tells whether all of it has arrived. */
interface StreamState {
  readonly _readableState?: { readonly ended?: boolean };
}

const bodies = new WeakMap<NodeRequest, Promise<ReadBody>>();

/**
 * Reads the body of a request once, whoever asks, and puts it back: body parsers behind find the request as if nobody had
 * read it, and the bytes also stand in `request.rawBody`. Keeps at most `limitBytes`, as they were sent. The rest of a body
 * that is too large or too slow is discarded, so that the client can read the answer.
 */
export function readBody(
  request: NodeRequest,
  response: NodeResponse | undefined,
  limitBytes: number,
  signal: AbortSignal,
): Promise<ReadBody> {
  const known = bodies.get(request);
  if (known !== undefined) return known;
  const body = read(request, response, limitBytes, signal);
  bodies.set(request, body);
  return body;
}

async function read(
  request: NodeRequest,
  response: NodeResponse | undefined,
  limitBytes: number,
  signal: AbortSignal,
): Promise<ReadBody> {
  // Node tells of a request before it has looked whether there is a body.
  await undefined;
  if (isBrokenOff(request)) return 'broken_off';
  if (request.readableEnded && !request.readableDidRead) return Buffer.alloc(0);
  if (isTaken(request)) return leftBehind(request);
  if (!isDeclaredLonger(request, limitBytes)) {
    invite(request, response);
    const body = await takeOut(request, limitBytes, signal);
    if (typeof body !== 'string') {
      (request as WithRawBody).rawBody = body;
      // Node itself reads on to the next request, but not where somebody has begun to read this one.
      response?.once('finish', () => request.readableFlowing === null && request.resume());
      return body;
    }
    if (body === 'broken_off' && !signal.aborted) return body;
  }
  discardRest(request, response);
  return signal.aborted ? 'broken_off' : 'too_large';
}

/** Whether somebody has read some of the body, or is about to. */
function isTaken(request: NodeRequest): boolean {
  return (
    request.readableDidRead ||
    request.readableFlowing === true ||
    request.readableEncoding !== null ||
    request.listenerCount('readable') > 0
  );
}

/** A parser may keep the bytes where others look for them. Text is no longer what was sent. */
function leftBehind({ rawBody }: NodeRequest & WithRawBody): ReadBody {
  return Buffer.isBuffer(rawBody) ? rawBody : 'consumed';
}

function isDeclaredLonger({ headers }: NodeRequest, limitBytes: number): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length']) > limitBytes;
}

/**
 * Clients may wait until the server wants their body (RFC 9110 10.1.1). Node has told them already, except where the
 * application listens to `checkContinue`.
 */
function invite({ headers }: NodeRequest, response: NodeResponse | undefined): void {
  if (response === undefined || !/(?:^|\W)100-continue(?:$|\W)/i.test(headers.expect ?? '')) return;
  const { _sent100: isTold } = response as { readonly _sent100?: boolean };
  const { stream } = response as Partial<Http2ServerResponse>;
  if (isTold !== true && (stream?.sentInfoHeaders ?? []).length === 0) response.writeContinue();
}

/**
 * Takes the body out of the stream and puts it back before the stream comes to its end: everybody who reads it later is
 * told all of it, and the end.
 */
function takeOut(request: NodeRequest, limitBytes: number, signal: AbortSignal): Promise<ReadBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (body: ReadBody) => {
      request.off('readable', take);
      for (const event of GONE) request.off(event, breakOff);
      signal.removeEventListener('abort', breakOff);
      resolve(body);
    };
    const breakOff = () => end('broken_off');
    const take = () => {
      while (request.readableLength > 0 && length <= limitBytes) {
        const chunk: Buffer = request.read();
        chunks.push(chunk);
        length += chunk.length;
      }
      if (length > limitBytes) return end('too_large');
      if (!hasArrived(request)) return;
      const body = Buffer.concat(chunks, length);
      if (length > 0) request.unshift(body);
      end(body);
    };
    for (const event of GONE) request.on(event, breakOff);
    signal.addEventListener('abort', breakOff);
    if (request.destroyed || signal.aborted) breakOff();
    else if (hasArrived(request)) take();
    else request.on('readable', take);
  });
}

const GONE = ['aborted', 'close', 'error'] as const;

/** The body of a stream of HTTP/2 that its client has reset ends like a whole one (RFC 9113 8.1.1). */
function isBrokenOff(request: NodeRequest & { readonly stream?: Http2ServerRequest['stream'] }): boolean {
  return request.aborted || request.stream?.closed === true;
}

/** `readableEnded` is true only once somebody has read to the end, which must not happen here. */
function hasArrived(request: NodeRequest & StreamState): boolean {
  return request._readableState?.ended === true;
}
