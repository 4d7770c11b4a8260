import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { RequestSource, RouteKey } from '@sallyport/core';
import { clientAddress } from './client-address.js';

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Reads what a chain needs from a Node request, and nothing before it is asked for. */
export class NodeRequestSource implements RequestSource {
  readonly method: string;
  readonly target: string;
  readonly route: RouteKey | undefined;
  readonly #request: NodeRequest;
  readonly #response: NodeResponse | undefined;
  readonly #trustedHops: number;

  /** `target` is given by adapters whose framework rewrites `url` inside mounted routers. */
  constructor(
    request: NodeRequest,
    response: NodeResponse | undefined,
    trustedHops: number,
    target: string = request.url ?? '',
    route?: RouteKey,
  ) {
    this.method = request.method ?? '';
    this.target = target;
    this.route = route;
    this.#request = request;
    this.#response = response;
    this.#trustedHops = trustedHops;
  }

  /** Raw lines: `headers` and `headersDistinct` drop or join what must be seen apart. */
  get rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  get remoteAddress(): string | undefined {
    return clientAddress(this.#request.socket?.remoteAddress, this.rawHeaders, this.#trustedHops);
  }

  peerCertificate(): X509Certificate | undefined {
    const socket = this.#request.socket as TLSSocket | undefined;
    return socket?.authorized === true ? socket.getPeerX509Certificate?.() : undefined;
  }

  onClose(listener: () => void): void {
    const response = this.#response;
    if (response === undefined) this.#request.socket?.once('close', listener);
    else response.once('close', () => response.writableFinished || listener());
  }
}
