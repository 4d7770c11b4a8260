import type { X509Certificate } from 'node:crypto';
import * as option from '../options/options.js';
import { plainObject } from '../options/options.js';
import { ownMembers } from '../options/own-members.js';
import { type RouteKey, SecurityRequest } from '../request/request.js';

/** The parts of a request under test; all are optional. */
export interface RequestParts {
  /** Sends `Authorization: Bearer …`. */
  readonly bearer?: string | undefined;
  /** Sends `Authorization: Basic …`: user name and password, encoded as UTF-8 (RFC 7617 2). */
  readonly basic?: readonly [userName: string, password: string] | undefined;
  /** Header fields; a list makes several lines of one name. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Sends one `Cookie` line. */
  readonly cookies?: Readonly<Record<string, string>> | undefined;
  /** Default `192.0.2.1`. */
  readonly remoteAddress?: string | undefined;
  /** The route that a framework chose. */
  readonly route?: RouteKey | undefined;
  readonly certificate?: X509Certificate | undefined;
  /** Aborted when the client goes away. */
  readonly client?: AbortSignal | undefined;
}

/** `GET /orders?page=2`, or the target alone for a GET. */
export type RequestLine = string;

/**
 * Builds a request in one line: `buildRequest('POST /orders', { bearer: token })`. Header lines arrive in the order
 * Authorization, Cookie, then `headers`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function buildRequest(line: RequestLine = '/', parts: RequestParts = {}): SecurityRequest {
  const checked = option.check('RequestParts', parts, PARTS) as RequestParts;
  const space = line.indexOf(' ');
  const { client, certificate, remoteAddress = '192.0.2.1', route } = checked;
  return new SecurityRequest({
    method: space === -1 ? 'GET' : line.slice(0, space),
    target: line.slice(space + 1),
    rawHeaders: linesOf(checked).flat(),
    remoteAddress,
    route,
    ...(certificate && { peerCertificate: () => certificate }),
    ...(client && { onClose: (listener) => whenAborted(client, listener) }),
  });
}

const credential: option.Check<string> = (value, name) => {
  if (typeof value !== 'string') throw option.invalid(name, 'must be a string');
  return value;
};

/**
 * A misspelt part is refused. It would send nothing, and a test that expects a refusal would pass for the wrong reason.
 */
const PARTS: Readonly<Record<keyof RequestParts, option.Check<unknown>>> = {
  bearer: option.optional(credential),
  basic: option.unchecked(),
  headers: option.optional(plainObject),
  cookies: option.optional(plainObject),
  remoteAddress: option.unchecked(),
  route: option.unchecked(),
  certificate: option.unchecked(),
  client: option.unchecked(),
};

/** The header lines that the parts make. */
export function linesOf(parts: RequestParts): readonly [string, string][] {
  const { bearer, basic, cookies, headers = {} } = ownMembers(parts);
  const lines: [string, string][] = [];
  if (bearer !== undefined) lines.push(['Authorization', `Bearer ${bearer}`]);
  if (basic !== undefined) lines.push(['Authorization', `Basic ${Buffer.from(basic.join(':')).toString('base64')}`]);
  if (cookies !== undefined) {
    const pairs = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
    lines.push(['Cookie', pairs.join('; ')]);
  }
  for (const [name, value] of Object.entries(headers)) {
    for (const each of typeof value === 'string' ? [value] : value) lines.push([name, each]);
  }
  return lines;
}

function whenAborted(signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
}
