import type { MissingBody } from '@sallyport/core/extend';

type ReadBody = Uint8Array | MissingBody;

/** How much of a refused body is discarded, and for how long, before the server is told that nobody wants it. */
const MOST_BYTES = 67_108_864;
const LONGEST_MS = 10_000;

const bodies = new WeakMap<Request, Promise<ReadBody>>();

/**
 * Reads the body of a Request once, whoever asks, from a clone: the Request keeps its own. Keeps at most `limitBytes`, as
 * the server gives them.
 */
export function readBody(request: Request, limitBytes: number, signal: AbortSignal): Promise<ReadBody> {
  const known = bodies.get(request);
  if (known !== undefined) return known;
  const body = read(request, limitBytes, signal);
  bodies.set(request, body);
  return body;
}

async function read(request: Request, limitBytes: number, signal: AbortSignal): Promise<ReadBody> {
  // First, because servers discard a body themselves only as long as nobody has asked for it.
  if (Number(request.headers.get('content-length')) > limitBytes) return 'too_large';
  if (request.bodyUsed || request.body?.locked === true) return 'consumed';
  const copy = request.clone().body;
  if (copy === null) return new Uint8Array();
  const body = await collect(copy, limitBytes, signal);
  if (typeof body === 'string' && request.body !== null) void discardRest(request.body);
  return body;
}

async function collect(body: ReadableStream<Uint8Array>, limitBytes: number, signal: AbortSignal): Promise<ReadBody> {
  const reader = body.getReader();
  // Cancelling waits for the Request's own part, too, which nobody may ever read.
  const stop = () => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', stop);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      chunks.push(chunk.value);
      length += chunk.value.byteLength;
      if (length > limitBytes) {
        stop();
        return 'too_large';
      }
    }
  } catch {
    return 'broken_off';
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return signal.aborted ? 'broken_off' : Buffer.concat(chunks, length);
}

/** A client that still sends would not see the answer if its connection were closed at once (RFC 9112 9.6). */
async function discardRest(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  const timer = setTimeout(stop, LONGEST_MS).unref();
  try {
    let left = MOST_BYTES;
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      left -= chunk.value.byteLength;
      if (left < 0) stop();
    }
  } catch {
    // The client has gone.
  } finally {
    clearTimeout(timer);
  }
}
