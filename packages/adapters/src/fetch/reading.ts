import type { Malformed } from '@sallyport/core';
import {
  type BodySource,
  type ClientCertificate,
  type Eventually,
  keepSpecimen,
  type MissingBody,
  type RouteKey,
} from '@sallyport/core/extend';
import type { Closable } from '../gate/closable.js';
import type { OtherReading, PathReading, Reading } from '../gate/reading.js';
import type { NodeRequest } from '../node/node-message.js';
import { NodeRequestSource } from '../node/node-request-source.js';
import { readAsReceived, receivedMethod, receivedUrl } from '../node/rewriting.js';
import { hasHeadersOf, hasNodeRequest, isRequestOf, type NodeBindings, targetOf } from '../node/same-request.js';
import { NO_PROXIES, type TrustedProxies } from '../proxies/trusted-proxies.js';
import { whenAnswered } from './answer-end.js';
import { readBody } from './body.js';
import type { Addresses } from './peer-addresses.js';
import { routedTarget } from './routed-path.js';

export interface ReadingOptions extends Addresses {
  readonly proxies: TrustedProxies;
  readonly allowRewriting: boolean;
}

/** No operation has this template, which events show. */
const UNNAMED = '(a route of Next.js that is not named)';

/**
 * `rest` is what the server passed besides the Request; `path` is the one that was routed, if the framework tells it. Of a
 * route that its author names, the path is to be granted as well, unless rewriting is allowed: the framework may have come
 * to the route by another path.
 */
export function fetchReading(
  request: Request,
  rest: readonly unknown[],
  options: ReadingOptions,
  path: string | undefined,
  named: string | undefined,
): ReceivedReading | RequestReading {
  const template = named ?? (path === undefined && isOfUnknownRoute(request, rest, options) ? UNNAMED : undefined);
  if (template === undefined) return readingOf(request, rest, options, path);
  const reading = readingOf(request, rest, options, path, { method: request.method, template });
  if (options.allowRewriting) return reading;
  const source = readingOf(request, rest, options, path);
  reading.byPath = { source, respelt: () => source };
  return reading;
}

/** Next.js tells the received URL, and not the route: what operation this is cannot be told. */
function isOfUnknownRoute(request: Request, rest: readonly unknown[], { allowRewriting }: ReadingOptions): boolean {
  return !(allowRewriting || hasNodeRequest(rest[0])) && 'nextUrl' in request;
}

/**
 * Reads the Node request where the Request is that one, since a Request has its header lines joined, its target
 * normalised and no peer. Any other Request, and one that is routed by another path, is the application's: it is read by
 * itself and, unless that is allowed, as it was received, too.
 */
function readingOf(
  request: Request,
  rest: readonly unknown[],
  options: ReadingOptions,
  path?: string,
  route?: RouteKey,
): ReceivedReading | RequestReading {
  const { proxies, allowRewriting } = options;
  const [bindings] = rest;
  const routed = routedTarget(request.url, path);
  if (!hasNodeRequest(bindings)) {
    const reading = new RequestReading(request, rest, options, routed);
    reading.route = route;
    if (routed !== undefined && !allowRewriting) reading.others = [alone(request, rest, options)];
    return reading;
  }
  const { incoming } = bindings;
  const received = new ReceivedReading(request, bindings, proxies, route);
  if (!allowRewriting) readAsReceived(received, incoming, receivedMethod(incoming), receivedUrl(incoming));
  const isReceived = isRequestOf(incoming, request);
  if (isReceived && routed === undefined) return received;
  const reading = new RequestReading(request, rest, options, routed, incoming, received);
  reading.route = route;
  if (allowRewriting) return reading;
  const others: OtherReading[] = [{ carrier: incoming, source: received }, ...(received.others ?? [])];
  if (!isReceived && routed !== undefined) others.push(alone(request, rest, options, incoming, received));
  reading.others = others;
  return reading;
}

/** The Request by its own URL, where it is routed by another path. */
function alone(
  request: Request,
  rest: readonly unknown[],
  options: ReadingOptions,
  incoming?: NodeRequest,
  received?: NodeRequestSource,
): OtherReading {
  const source = new RequestReading(request, rest, options, undefined, incoming, received);
  return { carrier: source.carrier, source };
}

/** Node's request, whose body the server has given to the Request. */
class ReceivedReading extends NodeRequestSource {
  static {
    const bindings = { incoming: { url: '', method: '' } } as NodeBindings;
    keepSpecimen(new this({} as Request, bindings, NO_PROXIES));
  }

  readonly #fetched: Request;

  constructor(fetched: Request, { incoming, outgoing }: NodeBindings, proxies: TrustedProxies, route?: RouteKey) {
    super(incoming, outgoing, proxies, incoming.url, route && telling(route));
    this.#fetched = fetched;
  }

  override readAs(method: string, target: string): NodeRequestSource {
    const body: BodySource['body'] = (limitBytes, signal) => this.body(limitBytes, signal);
    return Object.assign(super.readAs(method, target), { body });
  }

  override body(limitBytes: number, signal: AbortSignal): Eventually<Uint8Array | MissingBody> {
    return isBodiless(this.#fetched) ? super.body(limitBytes, signal) : readBody(this.#fetched, limitBytes, signal);
  }
}

/** A Request of these methods has no body (Fetch 5.3). Where a client sends one, it stays in the request of Node. */
function isBodiless({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Own function: in the constructor, the closure would cost every request an allocation (bench: adapters). */
function telling(route: RouteKey): () => RouteKey {
  return () => route;
}

class RequestReading implements Reading {
  readonly method: string;
  readonly target: string;
  route: RouteKey | undefined;
  byPath: PathReading | undefined;
  others: Reading['others'];
  /** Whether its decision was a refusal: then nothing else answers it. */
  #isRefused: boolean;
  readonly #request: Request;
  readonly #rest: readonly unknown[];
  readonly #options: ReadingOptions;
  readonly #incoming: NodeRequest | undefined;
  readonly #received: NodeRequestSource | undefined;
  #rawHeaders: readonly string[] | undefined;

  constructor(
    request: Request,
    rest: readonly unknown[],
    options: ReadingOptions,
    target: string = targetOf(request.url),
    incoming?: NodeRequest,
    received?: NodeRequestSource,
  ) {
    this.method = request.method;
    this.target = target;
    this.route = undefined;
    this.byPath = undefined;
    this.others = undefined;
    this.#isRefused = false;
    this.#request = request;
    this.#rest = rest;
    this.#options = options;
    this.#incoming = incoming;
    this.#received = received;
  }

  /**
   * What keeps the grants. A Request that the application made is decided anew wherever it is asked about: its headers
   * can be changed, and what was granted to it may have been granted to what it was before.
   */
  get carrier(): object {
    return this.#incoming === undefined ? this.#request : this;
  }

  get identity(): object {
    return this.#incoming ?? this.#request;
  }

  /** Of a Request alone, nobody knows what will answer it. */
  get answer(): Closable | undefined {
    return this.#received?.answer;
  }

  /** A Request keeps no lines: those of one name are joined. */
  get headersFrom(): 'parsed' {
    return 'parsed';
  }

  get rawHeaders(): readonly string[] {
    this.#rawHeaders ??= [...this.#request.headers].flat();
    return this.#rawHeaders;
  }

  /** That of the connection, over which the client sent whatever the application made of it. */
  get remoteAddress(): string | undefined {
    if (this.#received !== undefined) return this.#received.remoteAddress;
    const { proxies, clients } = this.#options;
    const claimed = proxies.forwardAddresses ? proxies.addressOf(undefined, this.rawHeaders) : undefined;
    return claimed ?? clients.find(this.#request, this.#rest);
  }

  /** A Request with other headers has credentials of its own: the certificate of the connection is not one of them. */
  clientCertificate(): ClientCertificate | Malformed | undefined {
    const incoming = this.#incoming;
    const { proxies, peers } = this.#options;
    if (incoming === undefined)
      return proxies.forwardCertificates
        ? proxies.certificateFrom(peers.find(this.#request, this.#rest), this.rawHeaders)
        : undefined;
    return incoming !== undefined && hasHeadersOf(incoming, this.#request)
      ? this.#received?.clientCertificate()
      : undefined;
  }

  body(limitBytes: number, signal: AbortSignal): Promise<Uint8Array | MissingBody> {
    return readBody(this.#request, limitBytes, signal);
  }

  /** Its end is told at once to who asks from now on. */
  refuse(): void {
    this.#isRefused = true;
  }

  /** Without Node's response nobody tells when the last byte is gone: then the end is the Response of the handler. */
  onEnd(listener: () => void): void {
    if (this.#received !== undefined) this.#received.onEnd(listener);
    else if (this.#isRefused) listener();
    else whenAnswered(this.#request, listener);
  }

  onClose(listener: () => void): void {
    if (this.#received !== undefined) this.#received.onClose(listener);
    else this.#request.signal.addEventListener('abort', listener, { once: true });
  }
}

/** For a request that was refused later: nothing else answers it. */
export function noteRefused(reading: Reading): void {
  if (reading instanceof RequestReading) reading.refuse();
  for (const { source } of reading.others ?? []) noteRefused(source);
}
