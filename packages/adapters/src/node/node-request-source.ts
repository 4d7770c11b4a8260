import type { Malformed } from '@sallyport/core';
import {
  type ClientCertificate,
  type Connection,
  type Eventually,
  keepSpecimen,
  type MissingBody,
  type RouteKey,
} from '@sallyport/core/extend';
import type { Closable } from '../gate/closable.js';
import type { AnswerableReading, OtherReading, PathReading } from '../gate/reading.js';
import { NO_PROXIES, type TrustedProxies } from '../proxies/trusted-proxies.js';
import { readBody } from './body.js';
import { whenConnectionEnds } from './connection-end.js';
import { headerLinesOf, isConnection } from './header-lines.js';
import { isOver, type NodeRequest, type NodeResponse } from './node-message.js';

/** Reads what a chain needs from a Node request, and nothing before it is asked for. */
export class NodeRequestSource implements AnswerableReading {
  static {
    keepSpecimen(new this({ url: '', method: '' } as NodeRequest, undefined, NO_PROXIES));
  }

  readonly method: string;
  readonly target: string;
  others: readonly OtherReading[] | undefined;
  byPath: PathReading | undefined;
  readonly #request: NodeRequest;
  readonly #response: NodeResponse | undefined;
  readonly #proxies: TrustedProxies;
  #routeOf: (() => RouteKey | undefined) | undefined;
  #route: RouteKey | undefined;
  #connection: Connection | 'none' | undefined;

  /**
   * `target` is given by adapters whose framework changes `url` inside mounted routers. `routeOf` is asked once and only
   * by chains that have a use for the route, since frameworks make it dear to find out.
   */
  constructor(
    request: NodeRequest,
    response: NodeResponse | undefined,
    proxies: TrustedProxies,
    target: string = request.url ?? '',
    routeOf?: () => RouteKey | undefined,
    method: string = request.method ?? '',
  ) {
    this.method = method;
    this.target = target;
    this.others = undefined;
    this.byPath = undefined;
    this.#request = request;
    this.#response = response;
    this.#proxies = proxies;
    this.#routeOf = routeOf;
  }

  /** What keeps the grants of a request that no framework has wrapped. */
  get carrier(): NodeRequest {
    return this.#request;
  }

  get identity(): object {
    return this.#request;
  }

  /** The same request with another method or target, and without a route. */
  readAs(method: string, target: string): NodeRequestSource {
    return anew(this.#request, this.#response, this.#proxies, target, undefined, method);
  }

  get route(): RouteKey | undefined {
    if (this.#routeOf !== undefined) {
      this.#route = this.#routeOf();
      this.#routeOf = undefined;
    }
    return this.#route;
  }

  get answer(): Closable | undefined {
    return this.#response;
  }

  /** Whether the answer came from elsewhere while the chain decided, or the client has gone. */
  get isOver(): boolean {
    return this.#response !== undefined && isOver(this.#response);
  }

  /** Raw lines where there are any: `headers` and `headersDistinct` drop or join what must be seen apart. */
  get rawHeaders(): readonly string[] {
    return headerLinesOf(this.#request, this.rawLines);
  }

  /** What Node has received. A framework that makes looks at its requests dear has its own way (see ExpressSource). */
  protected get rawLines(): readonly string[] | undefined {
    return this.#request.rawHeaders;
  }

  protected get socket(): NodeRequest['socket'] {
    return this.#request.socket;
  }

  get headersFrom(): 'parsed' | undefined {
    return isConnection(this.socket) ? undefined : 'parsed';
  }

  /** None of an upgrade, which has no response: no request follows it on its connection. */
  get connection(): Connection | undefined {
    this.#connection ??= (this.#response && http1ConnectionOf(this.socket, this.rawLines)) ?? 'none';
    return this.#connection === 'none' ? undefined : this.#connection;
  }

  get remoteAddress(): string | undefined {
    return this.#proxies.addressOf(this.socket?.remoteAddress, this.rawHeaders);
  }

  clientCertificate(): ClientCertificate | Malformed | undefined {
    return this.#proxies.certificateOf(this.socket, this.rawHeaders);
  }

  body(limitBytes: number, signal: AbortSignal): Eventually<Uint8Array | MissingBody> {
    return readBody(this.#request, this.#response, limitBytes, signal);
  }

  /** The end is the last byte handed to the system, or that of the connection. */
  onEnd(listener: () => void): void {
    const response = this.#response;
    let hasEnded = false;
    const end = () => {
      if (hasEnded) return;
      hasEnded = true;
      response?.off?.('finish', end);
      listener();
    };
    response?.on?.('finish', end);
    response?.on?.('close', end);
    this.onClose(end);
    // Who asks after the end would never be told.
    if (response?.writableFinished === true) end();
    else whenConnectionEnds(this.#request, response, end);
  }

  /** Both are listened to: a response that waits behind another one on its connection is never told of its end. */
  onClose(listener: () => void): void {
    const request = this.#request;
    const response = this.#response;
    const closed = () => {
      if (!hasLeft(request, response)) return;
      request.off('close', closed);
      response?.off('close', closed);
      listener();
    };
    // A mock may tell of no end.
    request.on?.('close', closed);
    response?.on?.('close', closed);
    closed();
  }
}

/** One of HTTP/2 carries the requests of many clients at once. Its header lines begin with pseudo-header fields. */
function http1ConnectionOf(
  socket: NodeRequest['socket'],
  rawLines: readonly string[] | undefined,
): Connection | undefined {
  return isConnection(socket) && !rawLines?.[0]?.startsWith(':') ? socket : undefined;
}

/** Whether the client went away before it was answered. An HTTP/2 response calls itself finished also when it is reset. */
function hasLeft(request: NodeRequest, response: NodeResponse | undefined): boolean {
  return request.aborted || (response?.destroyed === true && !response.writableFinished);
}

/** Apart from the class, which the bundler would rename if one of its methods named it. */
function anew(...parts: ConstructorParameters<typeof NodeRequestSource>): NodeRequestSource {
  return new NodeRequestSource(...parts);
}
