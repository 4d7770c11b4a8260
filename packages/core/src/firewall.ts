import { checkOptions, flag, listOf, text, withDefault } from './options.js';
import { Refusal } from './refusal.js';
import type { SecurityRequest } from './request.js';

/** Each relaxation of the request firewall by name. All are off, because two routers could read such a target in two ways. */
export interface FirewallOptions {
  /** Lets `%2F` and `%5C` into the path, for routers that do not decode them before routing. */
  readonly allowEncodedSlash?: boolean;
  /** Lets `;` into the path, for frameworks that do not cut path parameters off. */
  readonly allowSemicolon?: boolean;
  /** Lets `//` into the path, for routers that do not collapse it. */
  readonly allowDoubleSlash?: boolean;
  /** Lets encoded percent signs (`%25`) stand before `2e`, `2f` or `5c`: a second decoding would make a dot or slash. */
  readonly allowDoubleEncoding?: boolean;
  /** Authorities (`host` or `host:port`, lower case) for which absolute-form targets are accepted (RFC 9112 3.2.2). */
  readonly authorities?: readonly string[];
}

/** Refuses a request, or lets it pass because it can be read in one way only. */
export type RequestFirewall = (request: SecurityRequest) => Refusal | undefined;

/** Nothing but the path and query characters of RFC 3986 3.3 and 3.4, and no percent sign, dot or semicolon to look at twice. */
const PLAIN_TARGET =
  /^\/(?:[A-Za-z0-9_~!$&'()*+,=:@-]+(?:\.[A-Za-z0-9_~!$&'()*+,=:@-]+)*\/?)*(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@/?]*)?$/;
const TARGET_CHARACTERS = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?[\]|^`{}"\\]*)?$/;
const BROKEN_PERCENT = /%(?![0-9A-Fa-f]{2})/;
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|;|%2f|%5c|$)/i;
const ENCODED_CONTROL = /%(?:0[0-9a-f]|1[0-9a-f]|7f)/i;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(\/.*)?$/i;
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Refuses, before anything else, every request that two parsers could read differently: targets in another form,
 * characters outside RFC 3986, dot segments, encoded slashes, duplicate or joined Authorization credentials.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function requestFirewall(options: FirewallOptions = {}): RequestFirewall {
  const relaxed = checkOptions('FirewallOptions', options, {
    allowEncodedSlash: withDefault(flag, false),
    allowSemicolon: withDefault(flag, false),
    allowDoubleSlash: withDefault(flag, false),
    allowDoubleEncoding: withDefault(flag, false),
    authorities: withDefault(listOf(text), []),
  });
  return (request) => {
    const { authorization } = request;
    if (authorization.kind === 'invalid') return new Refusal({ kind: 'ambiguous', reason: authorization.reason });
    if (!METHOD.test(request.method)) return unroutable('method_malformed');
    if (PLAIN_TARGET.test(request.target)) return undefined;
    const reason = checkTarget(request.target, relaxed);
    return reason === undefined ? undefined : unroutable(reason);
  };
}

function unroutable(reason: string): Refusal {
  return new Refusal({ kind: 'unroutable', reason });
}

type Relaxed = Required<FirewallOptions>;

function checkTarget(target: string, relaxed: Relaxed): string | undefined {
  const originForm = toOriginForm(target, relaxed.authorities);
  if (originForm === undefined) return 'target_form';
  if (!TARGET_CHARACTERS.test(originForm)) return 'target_characters';
  return checkPath(originForm.split('?', 1)[0] as string, relaxed);
}

function toOriginForm(target: string, authorities: readonly string[]): string | undefined {
  if (target.startsWith('/')) return target;
  const absolute = ABSOLUTE_FORM.exec(target);
  if (absolute === null || !authorities.includes((absolute[1] as string).toLowerCase())) return undefined;
  return absolute[2] ?? '/';
}

function checkPath(path: string, relaxed: Relaxed): string | undefined {
  if (BROKEN_PERCENT.test(path)) return 'path_encoding';
  if (ENCODED_CONTROL.test(path)) return 'path_control_character';
  if (DOT_SEGMENT.test(path)) return 'path_dot_segment';
  if (!relaxed.allowDoubleEncoding && /%25(?:2e|2f|5c)/i.test(path)) return 'path_double_encoding';
  if (!relaxed.allowEncodedSlash && /%(?:2f|5c)/i.test(path)) return 'path_encoded_slash';
  if (!relaxed.allowSemicolon && /;|%3b/i.test(path)) return 'path_semicolon';
  if (!relaxed.allowDoubleSlash && path.includes('//')) return 'path_double_slash';
  return isUtf8(path) ? undefined : 'path_encoding';
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
