import type { NodeRequest } from './node-message.js';

/**
 * The header lines of a request, names and values alternating. A host that calls the application with a request of its own
 * making, such as a Lambda function or a mock, may give only `headers`: these are read then, as they are at that moment.
 */
export function headerLinesOf(
  request: NodeRequest,
  rawHeaders: readonly string[] | undefined = request.rawHeaders,
): readonly string[] {
  return rawHeaders === undefined || rawHeaders.length === 0 ? linesFromHost(request) : rawHeaders;
}

/** Whether it is a connection of Node's server. The request of a host has none: it was parsed before, by somebody else. */
export function isConnection(socket: object | undefined): boolean {
  const server = (socket as { readonly server?: object | null } | undefined)?.server;
  // A socket that no server has accepted has null.
  return server !== undefined && server !== null;
}

/**
 * A client can send a request without any header line (RFC 1945 5). Then `headers` hold only what the application itself
 * has added: no credential of this client stands there.
 */
function linesFromHost(request: NodeRequest): readonly string[] {
  return isConnection(request.socket) ? [] : parsedLines(request.headers ?? {});
}

/** A list is several lines; names are in whatever case the host writes them. */
function parsedLines(headers: object): readonly string[] {
  const lines: string[] = [];
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) if (value !== undefined && value !== null) lines.push(name, String(value));
  }
  return lines;
}
