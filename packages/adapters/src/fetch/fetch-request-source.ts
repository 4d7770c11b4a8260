import type { RequestSource } from '@sallyport/core';
import { clientAddress } from '../shared/client-address.js';
import { type NodeRequest, NodeRequestSource, type NodeResponse } from '../shared/node-request-source.js';

/** What Node's fetch servers pass as the second argument: the request behind the Request. */
interface NodeBindings {
  readonly incoming: NodeRequest;
  readonly outgoing?: NodeResponse;
}

/**
 * Reads the Node request where there is one, since a `Request` has its header lines joined, its target normalised and
 * no peer. Without it, joined Authorization lines are still seen to be two.
 */
export function fetchRequestSource(request: Request, bindings: unknown, trustedHops: number): RequestSource {
  if (!hasNodeRequest(bindings)) return new FetchRequestSource(request, trustedHops);
  return new NodeRequestSource(bindings.incoming, bindings.outgoing, trustedHops);
}

function hasNodeRequest(bindings: unknown): bindings is NodeBindings {
  const { incoming } = (bindings ?? {}) as { incoming?: Partial<NodeRequest> };
  return Array.isArray(incoming?.rawHeaders);
}

class FetchRequestSource implements RequestSource {
  readonly method: string;
  readonly target: string;
  readonly #request: Request;
  readonly #trustedHops: number;
  #rawHeaders: readonly string[] | undefined;

  constructor(request: Request, trustedHops: number) {
    this.method = request.method;
    this.target = targetOf(request.url);
    this.#request = request;
    this.#trustedHops = trustedHops;
  }

  get rawHeaders(): readonly string[] {
    this.#rawHeaders ??= [...this.#request.headers].flat();
    return this.#rawHeaders;
  }

  get remoteAddress(): string | undefined {
    return clientAddress(undefined, this.rawHeaders, this.#trustedHops);
  }

  onClose(listener: () => void): void {
    this.#request.signal.addEventListener('abort', listener, { once: true });
  }
}

/** What stands behind the authority of an absolute URL, which `Request.url` always is. */
function targetOf(url: string): string {
  const path = url.indexOf('/', url.indexOf('://') + 3);
  const fragment = url.indexOf('#');
  return path === -1 ? '/' : url.slice(path, fragment === -1 ? undefined : fragment);
}
