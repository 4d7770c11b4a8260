import type { Malformed } from '../verdict/verdict.js';
import type { Connection } from './authorization-header.js';
import type { BodySource } from './body.js';
import type { ClientCertificate } from './client-certificate.js';

/** The route that a framework chose: the method and template under which the user's own handler was mounted. */
export interface RouteKey {
  readonly method: string;
  readonly template: string;
  /**
   * The requested path up to the mounted router that chose the route; `template` continues from there. For frameworks
   * that do not report the template of a mount.
   */
  readonly mount?: string | undefined;
}

/** The request as an adapter supplies it. Only the first three members are required. */
export interface IncomingRequest extends BodySource {
  readonly method: string;
  /**
   * The request target exactly as received (RFC 9112 3.2), before any router changed it. If the application rewrote the
   * request: the target that runs.
   */
  readonly target: string;
  /** Header lines as received, names and values alternating, like Node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
  /**
   * `parsed` where a host or a Fetch `Request` gave its parsed headers instead of lines: it may have joined, dropped or
   * changed some. Default: the lines are as received.
   */
  readonly headersFrom?: 'parsed' | undefined;
  /** The network address of the peer. If the adapter trusts proxies: of the client in front of them. */
  readonly remoteAddress?: string | undefined;
  /** The framework's routing result, if it is known before the chain runs. */
  readonly route?: RouteKey | undefined;
  /** The certificate of the client, of TLS or as a trusted proxy forwarded it; malformed if that cannot be read. */
  clientCertificate?(): ClientCertificate | Malformed | undefined;
  /** Calls `listener` once when the client disconnects before it got an answer. */
  onClose?(listener: () => void): void;
  /**
   * Calls `listener` once when the answer was written, or can be written no more; at once if that has happened already.
   * Limits of requests at once need it: without it, a chain that has one refuses the request as a bug.
   */
  onEnd?(listener: () => void): void;
  /**
   * The same object whenever a decision about this request is asked for, such as the framework's own: limits count the
   * request once. Default: this object.
   */
  readonly identity?: object | undefined;
  /**
   * The connection that the request came over, if it carries one request after the other: the last bearer header that was
   * good is kept on it, so that it is parsed and hashed once. Default: nothing is kept.
   */
  readonly connection?: Connection | undefined;
}

/** The part of an operation that a request is read by. */
export interface LocatedOperation {
  readonly id: string;
  readonly template: string;
}

/** The values of the lines of a header field, in order. Nearly always there is one line. */
export function linesNamed(rawHeaders: readonly string[], name: string): string[] {
  const first = nextNamed(rawHeaders, name, 0);
  if (first === -1) return [];
  // A list that grows from nothing takes three times the memory of this one (bench: api-keys).
  const lines = [rawHeaders[first + 1] as string];
  for (let at = nextNamed(rawHeaders, name, first + 2); at !== -1; at = nextNamed(rawHeaders, name, at + 2)) {
    lines.push(rawHeaders[at + 1] as string);
  }
  return lines;
}

/** The value of a header field. Several lines are joined by comma (RFC 9110 5.3). One line makes no list. */
export function valueNamed(rawHeaders: readonly string[], name: string): string | undefined {
  const first = nextNamed(rawHeaders, name, 0);
  if (first === -1) return undefined;
  if (nextNamed(rawHeaders, name, first + 2) !== -1) return linesNamed(rawHeaders, name).join(', ');
  return rawHeaders[first + 1];
}

/** Whether a header field has more than one line. Allocates nothing. */
export function repeats(rawHeaders: readonly string[], name: string): boolean {
  const first = nextNamed(rawHeaders, name, 0);
  return first !== -1 && nextNamed(rawHeaders, name, first + 2) !== -1;
}

/** Where the next line of the field begins, from a place on; -1 if there is none. */
function nextNamed(rawHeaders: readonly string[], name: string, from: number): number {
  for (let index = from; index < rawHeaders.length; index += 2) {
    if (isNamed(rawHeaders[index] as string, name)) return index;
  }
  return -1;
}

/** Field names are ASCII in any case (RFC 9110 5.1). Copies in lower case would cost each look two strings (bench: api-keys). */
function isNamed(candidate: string, name: string): boolean {
  if (candidate.length !== name.length) return false;
  if (candidate === name) return true;
  for (let index = 0; index < name.length; index += 1) {
    if (inLowerCase(candidate.charCodeAt(index)) !== inLowerCase(name.charCodeAt(index))) return false;
  }
  return true;
}

function inLowerCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}
