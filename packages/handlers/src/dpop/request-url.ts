import { option, quoted, shownPath } from '@sallyport/core/extend';

/** Printable, and nothing that a parser of URLs would drop or turn into something else. */
const HTTP_URL = /^(https?):\/\/([^/?#@\\\s]+)([^?#\\\s]*)(?:[?#][\x21-\x7e]*)?$/i;
const ASCII = /^[\x21-\x7e]+$/;

/**
 * An http URL without query and fragment, in one spelling (RFC 3986 6.2.2 and 6.2.3): scheme and host in lower case, no default
 * port, `/` for an empty path, percent-encodings in upper case and only where they are needed, no dot segments. `undefined`
 * for what is no such URL.
 */
export function normalUrl(text: string): string | undefined {
  const [, scheme, authority, path] = (ASCII.test(text) && HTTP_URL.exec(text)) || [];
  if (scheme === undefined || authority === undefined || path === undefined) return undefined;
  const origin = originOf(scheme, authority);
  return origin === undefined ? undefined : origin + normalPath(path);
}

function originOf(scheme: string, authority: string): string | undefined {
  const text = `${scheme}://${authority}`;
  return URL.canParse(text) ? new URL(text).origin : undefined;
}

/** Letters, digits and four marks mean the same with and without a percent-encoding (RFC 3986 2.3). */
const UNRESERVED = /[A-Za-z0-9\-._~]/;

export function normalPath(path: string): string {
  const plain = path.includes('%') ? path.replace(/%[0-9a-f]{2}/gi, normalOctet) : path;
  return plain.includes('/.') ? withoutDots(plain) : plain || '/';
}

function normalOctet(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return UNRESERVED.test(character) ? character : encoded.toUpperCase();
}

/** Removes dot segments (RFC 3986 5.2.4). */
function withoutDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  const last = segments.at(-1);
  if (last === '.' || last === '..') kept.push('');
  return `/${kept.join('/')}`;
}

const PATTERN: option.Schema = { type: 'string', pattern: '^[Hh][Tt][Tt][Pp][Ss]?://' };

/** The option check of an address by which clients know the server; kept in one spelling and without a slash at its end. */
const externalUrl: option.Check<string> = option.withSchema(PATTERN, (value, name) => {
  const text = option.text(value, name);
  const url = /[?#]/.test(text) ? undefined : normalUrl(text);
  if (url === undefined) throw option.invalid(name, 'must be an http or https URL without query and fragment');
  return url.replace(/\/$/, '');
});

const urls = option.listOf(externalUrl);

export const externalUrls: option.Check<readonly string[], string | readonly string[]> = option.withSchema(
  { anyOf: [PATTERN, { type: 'array', items: PATTERN, minItems: 1 }] },
  (value, name) => {
    const list = Array.isArray(value) ? urls(value, name) : [externalUrl(value, name)];
    if (list.length === 0) throw option.invalid(name, 'must not be empty');
    return list;
  },
);

/**
 * Whether a proof is for the address of the request: one by which clients know the server, with the path that came. The host
 * that the request names does not count: whoever sends the request chooses it.
 */
export function isForUrl(htu: string, path: string, bases: readonly string[]): boolean {
  for (const base of bases) if (htu.length === base.length + path.length && htu === base + path) return true;
  const wanted = normalUrl(htu);
  return wanted !== undefined && bases.some((base) => base + normalPath(path) === wanted);
}

/**
 * How the address of a proof differs from that of the request, for operators. Query and fragment are left out and paths shown as in
 * events: either may carry a secret.
 */
export function urlMismatch(htu: string, path: string, bases: readonly string[]): string {
  const url = normalUrl(htu);
  if (url === undefined) return 'htu is no http URL';
  const { origin, pathname } = new URL(url);
  const ofOrigin = bases.filter((base) => new URL(base).origin === origin);
  const part = ofOrigin.length > 0 ? 'its path differs' : 'its scheme, host or port differs';
  const expected = bases.map((base) => quoted(base + shownPath(path))).join(' or ');
  return `htu is ${quoted(origin + shownPath(pathname))}, expected ${expected}: ${part}`;
}
