import { headerLinesOf } from './header-lines.js';
import type { NodeRequest, NodeResponse } from './node-message.js';

/** What Node's fetch servers pass as the second argument: the request behind the Request. */
export interface NodeBindings {
  readonly incoming: NodeRequest;
  readonly outgoing?: NodeResponse;
}

export function hasNodeRequest(bindings: unknown): bindings is NodeBindings {
  const { incoming } = (bindings ?? {}) as { incoming?: Partial<NodeRequest> };
  return Array.isArray(incoming?.rawHeaders);
}

/** Whether a Request says what Node's request says: the same method, path, query and headers. */
export function isRequestOf(incoming: NodeRequest, request: Request): boolean {
  return request.method === incoming.method && hasUrlOf(incoming, request) && hasHeadersOf(incoming, request);
}

/** As the URL parser reads it, which takes dot segments away and encodes what has to be. */
function hasUrlOf({ url: target = '' }: NodeRequest, { url }: Request): boolean {
  if (endsInTarget(url, target)) return true;
  const absolute = target.startsWith('/') ? `http://localhost${target}` : target;
  return URL.canParse(absolute) && targetOf(new URL(absolute).href) === targetOf(url);
}

/** Whether no header line was added, changed or taken away. */
export function hasHeadersOf(incoming: NodeRequest, request: Request): boolean {
  if (isUnread(incoming, request)) return true;
  const received = [...headersOf(incoming)];
  const own = [...request.headers];
  return own.length === received.length && own.every(([name, value], index) => isField(received[index], name, value));
}

function isField(field: readonly [string, string] | undefined, name: string, value: string): boolean {
  return field !== undefined && field[0] === name && field[1] === value;
}

/** As fetch servers make them. */
function headersOf(incoming: NodeRequest): Headers {
  const lines = headerLinesOf(incoming);
  const headers = new Headers();
  for (let index = 0; index < lines.length; index += 2) {
    const name = lines[index] as string;
    if (!name.startsWith(':')) headers.append(name, lines[index + 1] as string);
  }
  return headers;
}

/**
 * A Request of @hono/node-server refers to Node's request, and has no Headers before somebody asks for them. This saves
 * most requests the comparison, which costs more than a remembered decision.
 */
function isUnread(incoming: NodeRequest, request: Request): boolean {
  let isOfIncoming = false;
  for (const key of Object.getOwnPropertySymbols(request)) {
    const value = (request as unknown as Record<symbol, unknown>)[key];
    if (value === incoming) isOfIncoming = true;
    else if (typeof value === 'object' && (value instanceof Headers || value instanceof Request)) return false;
  }
  return isOfIncoming;
}

/** What stands behind the authority of an absolute URL, which `Request.url` always is. */
export function targetOf(url: string): string {
  const start = pathStart(url);
  const fragment = url.indexOf('#');
  return start === url.length ? '/' : url.slice(start, fragment === -1 ? undefined : fragment);
}

/** Whether an absolute URL is its authority and this text. */
export function endsInTarget(url: string, target: string): boolean {
  return url.endsWith(target) && url.length - pathStart(url) === target.length;
}

function pathStart(url: string): number {
  const path = url.indexOf('/', url.indexOf('://') + 3);
  return path === -1 ? url.length : path;
}
