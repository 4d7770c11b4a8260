import type { ClientCertificate } from '@sallyport/core/extend';

/** A request to an endpoint, and its body. */
export interface EndpointRequest {
  readonly method: string;
  /** The request target as received. Default `/`. */
  readonly target?: string | undefined;
  /** Header lines as received, names and values alternating, like Node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
  /** The body as it was read, or the form that a body parser made of it. */
  readonly body: Uint8Array | string | object | undefined;
  /** The address of the peer or, behind trusted proxies, of the client: shares are by network. */
  readonly remoteAddress?: string | undefined;
  /** The certificate of the client, of TLS or as a trusted proxy forwarded it. */
  clientCertificate?(): ClientCertificate | undefined;
}

/** The value of a header; `undefined` where it is missing, or there is more than one line. */
export function headerOf({ rawHeaders }: Pick<EndpointRequest, 'rawHeaders'>, name: string): string | undefined {
  const values = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
  return values.length === 1 ? values[0] : undefined;
}
