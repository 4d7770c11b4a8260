import type { TrustedProxies } from '../proxies/trusted-proxies.js';
import { type NodeRequest, type NodeResponse } from './node-message.js';
import { NodeRequestSource } from './node-request-source.js';

// Frameworks tell three parts of a URL: `received` is what the client sent, `mount` is what routers have cut off on the
// way to the place where the chain is asked, and `url` is left. Where the last two do not make up the first, the
// application has rewritten it.

/** The target that runs: the received one, exactly as it was received, where nobody has rewritten it. */
export function runningTarget(received: string, mount: string, url: string): string {
  if (mount === '') return url;
  // A router that is mounted at the whole path is left with a slash that nobody sent.
  const isSlashAdded = (url === '/' || url.startsWith('/?')) && !pathOf(received).endsWith('/');
  const target = below(mount, isSlashAdded ? url.slice(1) : url);
  return target === received ? received : target;
}

/** Routers leave the authority of an absolute-form target (RFC 9112 3.2.2) where it is. */
function below(mount: string, url: string): string {
  const authority = url.startsWith('/') ? '' : (/^https?:\/\/[^/?]*/i.exec(url)?.[0] ?? '');
  return authority + mount + url.slice(authority.length);
}

export function pathOf(target: string): string {
  return target.split('?', 1)[0] as string;
}

/**
 * Has a request that was rewritten judged as it was received, too. Below a mount, its new URL may be one of the mounted
 * router or, where a handler forwards it, one of a router further out or of the whole application: all are asked.
 */
export function readAsReceived(
  source: NodeRequestSource,
  carrier: object,
  method: string,
  received: string,
  mount = '',
  url = '',
): void {
  const isOtherTarget = source.target !== received;
  if (!isOtherTarget && source.method === method) return;
  const others = [{ carrier, source: source.readAs(method, received) }];
  for (let outer = isOtherTarget ? mount : ''; outer !== ''; ) {
    outer = outer.slice(0, Math.max(0, outer.lastIndexOf('/')));
    others.push({ carrier, source: source.readAs(source.method, below(outer, url)) });
  }
  source.others = others;
}

/** Reads a request of Node itself, before which no framework has kept anything but the URL. */
export function nodeReading(
  request: NodeRequest,
  response: NodeResponse | undefined,
  proxies: TrustedProxies,
  allowRewriting: boolean,
): NodeRequestSource {
  const source = new NodeRequestSource(request, response, proxies);
  if (!allowRewriting) readAsReceived(source, request, receivedMethod(request), receivedUrl(request));
  return source;
}

/** What HTTP/2 keeps as it was sent. Of HTTP/1.1, Node keeps the current method alone. */
export function receivedMethod(request: NodeRequest): string {
  return pseudoField(request, ':method') ?? request.method ?? '';
}

/** What HTTP/2 keeps as it was sent, or a framework in front, as Connect and Express do; else `known`. */
export function receivedUrl(
  request: NodeRequest & { readonly originalUrl?: unknown },
  known: string = request.url ?? '',
): string {
  const { originalUrl } = request;
  return pseudoField(request, ':path') ?? (typeof originalUrl === 'string' ? originalUrl : known);
}

/** A pseudo-header field (RFC 9113 8.3). These stand in front of all others. */
function pseudoField({ rawHeaders }: Partial<NodeRequest>, name: ':method' | ':path'): string | undefined {
  for (let index = 0; rawHeaders?.[index]?.startsWith(':'); index += 2) {
    if (rawHeaders[index] === name) return rawHeaders[index + 1];
  }
  return undefined;
}
