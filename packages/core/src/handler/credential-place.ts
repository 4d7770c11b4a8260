import type { SecurityRequest } from '../request/request.js';
import { type Malformed, malformed } from '../verdict/verdict.js';

/** One place of a request where a credential may stand, compiled once. */
export interface CredentialPlace {
  /** Such as `header:x-api-key`. */
  readonly at: string;
  /**
   * Whether clients send the credential with every request by themselves, as they do with cookies and client
   * certificates. All other credentials are explicit: the client adds them.
   */
  readonly isAmbient: boolean;
  /** The Authorization scheme in lower case; undefined for other places. */
  readonly scheme: string | undefined;
  /** All values at this place: none, one, or several if the client repeats itself. */
  valuesIn(request: SecurityRequest): readonly string[];
}

/** Finds all values of one place in a request. */
type Reader = (request: SecurityRequest) => readonly string[];

/** How the values of a place are found, by its kind. The name is what follows the first colon. */
const READERS: Readonly<Record<string, (name: string) => Reader>> = {
  authorization:
    (scheme) =>
    ({ authorization }) =>
      authorization.kind === 'credentials' && authorization.scheme === scheme ? [authorization.value] : NOTHING,
  header(name) {
    const [field, scheme] = name.split(':', 2) as [string, string?];
    if (scheme === undefined) return (request) => request.headerLines(field);
    return (request) => {
      const lines = request.headerLines(field);
      // A second line counts even if it has another scheme: other software could read that line instead.
      return lines.some((line) => afterScheme(line, scheme) !== undefined)
        ? lines.map((line) => afterScheme(line, scheme) ?? line)
        : NOTHING;
    };
  },
  cookie: (name) => (request) => cookieValues(request, name),
  query: (name) => (request) => queryValues(request, name),
  subprotocol: (name) => (request) => protocolsAfter(request, name),
  tls: () => (request) => (request.clientCertificate() === undefined ? NOTHING : CERTIFICATE),
};

const NOTHING: readonly string[] = Object.freeze([]);
const CERTIFICATE: readonly string[] = Object.freeze(['certificate']);

/**
 * The names of headers and schemes are case-insensitive, so they have one spelling here: lower case. The names of
 * cookies, query parameters and sub-protocols are case-sensitive.
 */
const PLACE = /^(?:(?:authorization|header):[!-@[-~]+|(?:cookie|query|subprotocol):[!-~]+|tls:certificate)$/;

/** Reads how a place is written; `undefined` for a misspelt one. */
export function credentialPlace(at: string): CredentialPlace | undefined {
  if (!PLACE.test(at)) return undefined;
  const colon = at.indexOf(':');
  const kind = at.slice(0, colon);
  const name = at.slice(colon + 1);
  return Object.freeze({
    at,
    isAmbient: kind === 'cookie' || kind === 'tls',
    scheme: kind === 'authorization' ? name : undefined,
    valuesIn: (READERS[kind] as (name: string) => Reader)(name),
  });
}

/** Explicit places stand before ambient ones. Otherwise the order stays. */
export function explicitFirst(places: readonly CredentialPlace[]): readonly CredentialPlace[] {
  return Object.freeze(places.toSorted((one, other) => Number(one.isAmbient) - Number(other.isAmbient)));
}

/** A credential, and the place where it stands. */
interface SentCredential {
  readonly place: CredentialPlace;
  readonly value: string;
}

const DOUBLED: Malformed = malformed('duplicate_credentials');

/**
 * The credential in the first of these places that has one; `places` are in the order of `explicitFirst`. A client must
 * not send it in two explicit places, nor twice in one (RFC 6750 2). A cookie beside an explicit credential is sent by
 * the browser alone, so it does not count.
 */
export function sentIn(
  places: readonly CredentialPlace[],
  request: SecurityRequest,
): SentCredential | Malformed | undefined {
  let found: SentCredential | undefined;
  for (const place of places) {
    if (found !== undefined && place.isAmbient) break;
    const values = place.valuesIn(request);
    const [value] = values;
    if (value === undefined) continue;
    if (values.length > 1 || found !== undefined) return DOUBLED;
    found = { place, value };
  }
  return found;
}

/** The text after a scheme, as in Authorization: the scheme in any case, then at least one space (RFC 9110 11.4). */
function afterScheme(line: string, scheme: string): string | undefined {
  const text = line.trim();
  const isOfScheme = text.slice(0, scheme.length).toLowerCase() === scheme && text[scheme.length] === ' ';
  return isOfScheme ? text.slice(scheme.length).trimStart() : undefined;
}

/** All values of a cookie, from all Cookie lines (RFC 6265 4.2.1). Quotes around a value are part of it. */
function cookieValues(request: SecurityRequest, name: string): readonly string[] {
  const pairs = request.headerLines('cookie').flatMap((line) => line.split(';'));
  return pairs.flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals !== -1 && pair.slice(0, equals).trim() === name ? [pair.slice(equals + 1).trim()] : [];
  });
}

/**
 * All values of a query parameter, percent-decoded. A plus sign stays a plus sign, because no credential contains a
 * blank.
 */
function queryValues({ query }: SecurityRequest, name: string): readonly string[] {
  if (query === '') return NOTHING;
  return query.split('&').flatMap((pair) => {
    const equals = pair.indexOf('=');
    const end = equals === -1 ? pair.length : equals;
    return decoded(pair.slice(0, end)) === name ? [decoded(pair.slice(end + 1))] : [];
  });
}

/** Returns a text that cannot be decoded as it is. No handler takes it for a credential then. */
function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The sub-protocol that stands after `name` in Sec-WebSocket-Protocol. Browsers send it with `new WebSocket(url, [name,
 * credential])`. Several lines are one list (RFC 6455 11.3.4). A name that ends in a dot is itself the beginning of the
 * sub-protocol: `bearer.` finds the credential of `bearer.<credential>`.
 */
function protocolsAfter(request: SecurityRequest, name: string): readonly string[] {
  const lines = request.headerLines('sec-websocket-protocol');
  if (lines.length === 0) return NOTHING;
  const protocols = lines.flatMap((line) => line.split(',')).map((protocol) => protocol.trim());
  if (name.endsWith('.')) {
    return protocols.filter((each) => each.startsWith(name)).map((each) => each.slice(name.length));
  }
  return protocols.flatMap((each, index) => (each === name ? [protocols[index + 1] ?? ''] : []));
}
