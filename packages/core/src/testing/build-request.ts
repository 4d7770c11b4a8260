import { X509Certificate } from 'node:crypto';
import { types } from 'node:util';
import * as option from '../options/options.js';
import { plainObject } from '../options/options.js';
import { ownMembers } from '../options/own-members.js';
import type { ClientCertificate } from '../request/client-certificate.js';
import { type RouteKey, SecurityRequest } from '../request/request.js';
import { verdictAge } from '../routes/route-table.js';

const credential: option.Check<string> = (value, name) => {
  if (typeof value !== 'string') throw option.invalid(name, 'must be a string');
  return value;
};

const content: option.Check<string | Uint8Array> = (value, name) => {
  if (typeof value !== 'string' && !types.isUint8Array(value)) throw option.invalid(name, 'must be text or bytes');
  return value;
};

/**
 * A misspelt part is refused. It would send nothing, and a test that expects a refusal would pass for the wrong reason.
 */
export const REQUEST_PARTS = option.table('RequestParts', {
  /** Sends `Authorization: Bearer …`. */
  bearer: option.optional(credential),
  /** Sends `Authorization: Basic …`: user name and password, encoded as UTF-8 (RFC 7617 2). */
  basic: option.unchecked<readonly [userName: string, password: string] | undefined>(),
  /** Header fields; a list makes several lines of one name. */
  headers: option.optional(plainObject as option.Check<Readonly<Record<string, string | readonly string[]>>>),
  /** Sends one `Cookie` line. */
  cookies: option.optional(plainObject as option.Check<Readonly<Record<string, string>>>),
  /** What is sent as the body; text as UTF-8. Default: no bytes. */
  body: option.optional(content),
  /** Default `192.0.2.1`. */
  remoteAddress: option.unchecked<string | undefined>(),
  /** The route that a framework chose. */
  route: option.unchecked<RouteKey | undefined>(),
  /** The template of the operation that a chain would find, for guards that read path parameters: `/users/{userId}`. */
  template: option.optional(option.text),
  /** How old a remembered verdict may be, as the operation would say. Default: it says nothing. */
  maxVerdictAgeSeconds: option.optional(verdictAge),
  /** The certificate of the client. One alone counts as verified by TLS. */
  certificate: option.unchecked<X509Certificate | ClientCertificate | undefined>(),
  /** Aborted when the client goes away. */
  client: option.unchecked<AbortSignal | undefined>(),
});

/** The parts of a request under test; all are optional. */
export interface RequestParts extends option.Given<typeof REQUEST_PARTS> {}

/** `GET /orders?page=2`, or the target alone for a GET. */
export type RequestLine = string;

/**
 * Builds a request in one line: `buildRequest('POST /orders', { bearer: token })`. Header lines arrive in the order
 * Authorization, Cookie, then `headers`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const decision = await chain.decide(buildRequest('GET /orders', { bearer: token }));
 */
export function buildRequest(line: RequestLine = '/', parts: RequestParts = {}): SecurityRequest {
  const checked = REQUEST_PARTS(parts);
  const space = line.indexOf(' ');
  const body = Buffer.from(checked.body ?? '');
  const { client, certificate, remoteAddress = '192.0.2.1', route } = checked;
  const request = new SecurityRequest({
    method: space === -1 ? 'GET' : line.slice(0, space),
    target: line.slice(space + 1),
    rawHeaders: linesOf(checked).flat(),
    remoteAddress,
    route,
    body: (limitBytes) => (body.length > limitBytes ? 'too_large' : body),
    ...(certificate && { clientCertificate: () => clientCertificateOf(certificate) }),
    // Nobody answers it, so that it ends with its decision.
    onEnd: (listener) => void setImmediate(listener),
    ...(client && { onClose: (listener) => whenAborted(client, listener) }),
  });
  const { template, maxVerdictAgeSeconds } = checked;
  SecurityRequest.locate(
    request,
    template === undefined ? undefined : { id: `${request.method} ${template}`, template },
  );
  SecurityRequest.limitVerdictAge(request, maxVerdictAgeSeconds);
  bodies.set(request, body);
  return request;
}

function clientCertificateOf(certificate: X509Certificate | ClientCertificate): ClientCertificate {
  return certificate instanceof X509Certificate ? { x509: certificate, isVerified: true, chain: [] } : certificate;
}

const bodies = new WeakMap<SecurityRequest, Buffer>();

/** The bytes that a chain would read of a request that was built here. */
export function bodyOf(request: SecurityRequest): Buffer {
  return bodies.get(request) ?? Buffer.alloc(0);
}

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
