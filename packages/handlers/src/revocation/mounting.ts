import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { ownMember } from '@sallyport/core/extend';
import { type EndpointAnswer, TOO_LARGE } from './endpoint-answer.js';
import type { EndpointRequest } from './endpoint-request.js';

/** What the server knows better than the request, such as the client in front of trusted proxies. */
export interface MountedOptions {
  /** Default: of the connection; of a Fetch `Request`, none. */
  readonly remoteAddress?: string | undefined;
}

/** A request of node:http, node:http2 or Express, with the body that a parser may have left. */
export type NodeEndpointRequest = (IncomingMessage | Http2ServerRequest) & { readonly body?: unknown };

export type NodeEndpointResponse = ServerResponse | Http2ServerResponse;

type Receive = (request: EndpointRequest) => Promise<EndpointAnswer>;

/** How much of a refused body is thrown away before the connection is. */
const MOST_DISCARDED_BYTES = 1_048_576;

/** Too much was sent. */
class BodyTooLarge extends Error {}

/** Answers a request of Node. Rejects never: a connection that breaks off gets no answer. */
export async function answerNode(
  receive: Receive,
  request: NodeEndpointRequest,
  response: NodeEndpointResponse,
  { maxBodyBytes, mounted }: { maxBodyBytes: number; mounted: MountedOptions },
): Promise<void> {
  const { method = '', url: target, rawHeaders, socket } = request;
  const remoteAddress = ownMember(mounted, 'remoteAddress') ?? socket.remoteAddress;
  const body = await nodeBody(request, maxBodyBytes);
  if (body instanceof BodyTooLarge) return write(response, TOO_LARGE);
  if (body instanceof Error) return;
  const peerCertificate = () => {
    const { authorized, getPeerX509Certificate } = socket as Partial<import('node:tls').TLSSocket>;
    return authorized === true ? getPeerX509Certificate?.call(socket) : undefined;
  };
  write(response, await receive({ method, target, rawHeaders, remoteAddress, body, peerCertificate }));
}

/** Answers a request of Fetch. */
export async function answerFetch(
  receive: Receive,
  request: Request,
  { maxBodyBytes, mounted }: { maxBodyBytes: number; mounted: MountedOptions },
): Promise<Response> {
  const { method, url, headers } = request;
  const { pathname, search } = new URL(url);
  const remoteAddress = ownMember(mounted, 'remoteAddress');
  const rawHeaders = [...headers].flat();
  const body = request.body === null ? undefined : await fetchBody(request.body, maxBodyBytes);
  const answer =
    body instanceof BodyTooLarge
      ? TOO_LARGE
      : await receive({ method, target: `${pathname}${search}`, rawHeaders, remoteAddress, body });
  const lines = answer.headers.map(([name, value]): [string, string] => [name, value]);
  return new Response(answer.body === '' ? null : answer.body, { status: answer.status, headers: lines });
}

/** What a parser has left counts. */
async function nodeBody(request: NodeEndpointRequest, most: number): Promise<EndpointRequest['body'] | Error> {
  const { body } = request;
  if (typeof body === 'string' || (typeof body === 'object' && body !== null)) return body;
  if (request.readableEnded) return undefined;
  return new Promise((resolve) => {
    const kept: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= most) kept.push(chunk);
      else resolve(new BodyTooLarge());
      // The rest is thrown away, so that the sender can read the answer; but not for ever.
      if (length > most + MOST_DISCARDED_BYTES) request.destroy();
    });
    request.on('end', () => resolve(Buffer.concat(kept)));
    for (const event of ['aborted', 'close', 'error']) request.on(event, () => resolve(new Error('broken off')));
  });
}

/** Reads no further than the limit: the rest is cancelled. */
async function fetchBody(chunks: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array | BodyTooLarge> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.byteLength;
    if (length > most) return new BodyTooLarge();
    kept.push(chunk);
  }
  return Buffer.concat(kept, length);
}

function write(response: NodeEndpointResponse, { status, headers, body }: EndpointAnswer): void {
  if (response.headersSent || response.destroyed) return;
  response.statusCode = status;
  for (const [name, value] of headers) response.setHeader(name, value);
  (response as ServerResponse).end(body);
}
