import type { X509Certificate } from 'node:crypto';
import type { OtherReading, Reading } from '../gate/reading.js';
import { clientAddress } from '../node/client-address.js';
import type { NodeRequest } from '../node/node-message.js';
import type { NodeRequestSource } from '../node/node-request-source.js';
import { nodeReading } from '../node/rewriting.js';
import { hasHeadersOf, hasNodeRequest, isRequestOf, targetOf } from '../node/same-request.js';
import type { PeerAddresses } from './peer-addresses.js';
import { routedTarget } from './routed-path.js';

export interface ReadingOptions {
  readonly trustedHops: number;
  readonly allowRewriting: boolean;
  readonly peers: PeerAddresses;
}

/**
 * `rest` is what the server passed besides the Request.
 *
 * Reads the Node request where the Request is that one, since a Request has its header lines joined, its target
 * normalised and no peer. Any other Request, and one that is routed by another path, is the application's: it is read by
 * itself and, unless that is allowed, as it was received, too.
 */
export function fetchReading(
  request: Request,
  rest: readonly unknown[],
  options: ReadingOptions,
  routedPath?: string,
): NodeRequestSource | RequestReading {
  const { trustedHops, allowRewriting } = options;
  const [bindings] = rest;
  const routed = routedTarget(request.url, routedPath);
  if (!hasNodeRequest(bindings)) {
    const reading = new RequestReading(request, rest, options, routed);
    if (routed !== undefined && !allowRewriting) reading.others = [alone(request, rest, options)];
    return reading;
  }
  const { incoming, outgoing } = bindings;
  const received = nodeReading(incoming, outgoing, trustedHops, allowRewriting);
  const isReceived = isRequestOf(incoming, request);
  if (isReceived && routed === undefined) return received;
  const reading = new RequestReading(request, rest, options, routed, incoming, received);
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

class RequestReading implements Reading {
  readonly method: string;
  readonly target: string;
  readonly route = undefined;
  /** A Request keeps no lines: those of one name are joined. */
  readonly headersFrom = 'parsed';
  readonly byPath = undefined;
  others: Reading['others'];
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
    this.others = undefined;
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

  get rawHeaders(): readonly string[] {
    this.#rawHeaders ??= [...this.#request.headers].flat();
    return this.#rawHeaders;
  }

  /** That of the connection, over which the client sent whatever the application made of it. */
  get remoteAddress(): string | undefined {
    if (this.#received !== undefined) return this.#received.remoteAddress;
    const { trustedHops, peers } = this.#options;
    const claimed = trustedHops === 0 ? undefined : clientAddress(undefined, this.rawHeaders, trustedHops);
    return claimed ?? peers.find(this.#request, this.#rest);
  }

  /** A Request with other headers has credentials of its own: the certificate of the connection is not one of them. */
  peerCertificate(): X509Certificate | undefined {
    const incoming = this.#incoming;
    return incoming !== undefined && hasHeadersOf(incoming, this.#request)
      ? this.#received?.peerCertificate()
      : undefined;
  }

  onClose(listener: () => void): void {
    if (this.#received !== undefined) this.#received.onClose(listener);
    else this.#request.signal.addEventListener('abort', listener, { once: true });
  }
}
