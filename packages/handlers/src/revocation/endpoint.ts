import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { type ClientCertificate, describeError, ownMember } from '@sallyport/core/extend';
import { BROKEN, type EndpointAnswer, TOO_LARGE } from './endpoint-answer.js';
import type { EndpointRequest } from './endpoint-request.js';
import { publishRevocationEvent } from './revocation-events.js';

/** What the server knows better than the request, such as the client in front of trusted proxies. */
export interface MountedOptions {
  /** Default: of the connection; of a Fetch `Request`, none. */
  readonly remoteAddress?: string | undefined;
}

/** A request of node:http, node:http2 or Express, with the body that a parser may have left. */
export type NodeEndpointRequest = (IncomingMessage | Http2ServerRequest) & { readonly body?: unknown };

export type NodeEndpointResponse = ServerResponse | Http2ServerResponse;

/** How much of a refused body is thrown away before the connection is. */
const MOST_DISCARDED_BYTES = 1_048_576;

/** Too much was sent. */
class BodyTooLarge extends Error {}

/** Something that answers requests, mounted as the server likes. */
export abstract class Endpoint {
  readonly #maxBodyBytes: number;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** For other servers: the answer to a request. Never rejects for what was sent. */
  abstract receive(request: EndpointRequest): Promise<EndpointAnswer>;

  /** Answers a request of node:http, node:http2, Express or whatever gives these. A body that a parser has read is taken. */
  async node(
    request: NodeEndpointRequest,
    response: NodeEndpointResponse,
    options: MountedOptions = {},
  ): Promise<void> {
    const { method = '', url: target, rawHeaders, socket } = request;
    const remoteAddress = ownMember(options, 'remoteAddress') ?? socket.remoteAddress;
    const body = await nodeBody(request, this.#maxBodyBytes);
    if (body instanceof BodyTooLarge) return write(response, TOO_LARGE);
    // A connection that breaks off gets no answer.
    if (body instanceof Error) return;
    const clientCertificate = () => certificateOf(socket as Partial<TLSSocket>);
    write(response, await this.#answer({ method, target, rawHeaders, remoteAddress, body, clientCertificate }));
  }

  /** Answers a request of Fetch, such as in Hono or Next.js. */
  async fetch(request: Request, options: MountedOptions = {}): Promise<Response> {
    const { method, url, headers } = request;
    const { pathname, search } = new URL(url);
    const remoteAddress = ownMember(options, 'remoteAddress');
    const rawHeaders = [...headers].flat();
    const body = request.body === null ? undefined : await fetchBody(request.body, this.#maxBodyBytes);
    const answer =
      body instanceof BodyTooLarge
        ? TOO_LARGE
        : await this.#answer({ method, target: `${pathname}${search}`, rawHeaders, remoteAddress, body });
    const lines = answer.headers.map(([name, value]): [string, string] => [name, value]);
    return new Response(answer.body === '' ? null : answer.body, { status: answer.status, headers: lines });
  }

  /** A bug of somebody's store or guard must not end the process: most servers do not wait for what `node` returns. */
  async #answer(request: EndpointRequest): Promise<EndpointAnswer> {
    try {
      return await this.receive(request);
    } catch (error) {
      const { name, code } = describeError(error);
      publishRevocationEvent({ kind: 'endpoint_threw', name, code });
      return BROKEN;
    }
  }
}

/** The certificate of the connection. Servers behind a proxy that forwards it call `receive` with it. */
function certificateOf(socket: Partial<TLSSocket>): ClientCertificate | undefined {
  const x509 = socket.getPeerX509Certificate?.();
  return x509 && { x509, isVerified: socket.authorized === true, chain: [] };
}

/** What a parser has left counts. */
async function nodeBody(request: NodeEndpointRequest, most: number): Promise<EndpointRequest['body'] | Error> {
  const body = isLeftBlank(request) ? undefined : request.body;
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

/** body-parser 1 leaves an empty object where the body is for another parser, and reads nothing. */
function isLeftBlank({ body, readableDidRead }: NodeEndpointRequest): boolean {
  const isEmpty = typeof body === 'object' && body !== null && Reflect.ownKeys(body).length === 0;
  return isEmpty && !readableDidRead && Object.getPrototypeOf(body) === Object.prototype;
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
  for (const [name, value] of headers) (response as ServerResponse).appendHeader(name, value);
  (response as ServerResponse).end(body);
}
