import * as option from '../options/options.js';
import { isToken } from '../verdict/http-grammar.js';
import type { SecurityRequest } from './request.js';
import { PATH_RULES, type PathRule } from './target-rules.js';

const AUTHORITY = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

const authority: option.Check<string> = option.withSchema(
  { type: 'string', pattern: AUTHORITY.source },
  (value, name) => {
    if (typeof value !== 'string' || !AUTHORITY.test(value)) {
      throw option.invalid(name, 'must be host or host:port in lower case');
    }
    return value;
  },
);

export const FIREWALL = option.table('FirewallOptions', {
  /** Allows `%2F` and `%5C` in the path, for routers that do not decode them before routing. */
  allowEncodedSlash: option.withDefault(option.flag, false),
  /** Allows `;` and `%3B` in the path, for frameworks that do not cut path parameters off. */
  allowSemicolon: option.withDefault(option.flag, false),
  /** Allows `//` in the path, for routers that do not collapse it. */
  allowDoubleSlash: option.withDefault(option.flag, false),
  /**
   * Allows an encoded percent sign (`%25`) before two hex digits. If such a path is decoded twice, it becomes another
   * path.
   */
  allowDoubleEncoding: option.withDefault(option.flag, false),
  /**
   * Allows percent-encoded letters, digits and `-._~` in the path, although they need no encoding (RFC 3986 2.3). For
   * applications where both framework and chain decode before they route.
   */
  allowEncodedUnreserved: option.withDefault(option.flag, false),
  /**
   * Allows `[`, `]` and `|` in the path as they are. RFC 3986 forbids them, but browsers do not encode them (URL Standard,
   * path percent-encode set). For proxies and frameworks that pass them on unchanged.
   */
  allowBrowserCharacters: option.withDefault(option.flag, false),
  /** Authorities (`host` or `host:port`, lower case) for which absolute-form targets are accepted (RFC 9112 3.2.2). */
  authorities: option.withDefault(option.listOf(authority), []),
});

/**
 * The relaxations of the request firewall. All are off by default, because two routers could read such targets
 * differently.
 */
export interface FirewallOptions extends option.Given<typeof FIREWALL> {}

/** For the options of a chain, which have the relaxations as a group. */
export const firewallOptions: option.Table<option.Kept<typeof FIREWALL>, FirewallOptions> = FIREWALL;

/** Returns why a request can be read in more than one way; undefined when it passes. */
export type RequestFirewall = (request: SecurityRequest) => string | undefined;

/** Says once at start that paths which two routers could read differently are let through. */
export function warnOfRelaxations(chain: string, settings: option.Kept<typeof FIREWALL>): void {
  const allowed = Object.entries(settings).flatMap(([name, value]) => (value === true ? name : []));
  if (allowed.length === 0) return;
  const weakness = `${chain} lets paths through that can be read in several ways (${allowed.join(', ')})`;
  process.emitWarning(weakness, 'SallyportWarning');
}

/** A segment that is not empty, does not begin with a dot, and has no percent sign or semicolon. */
const PLAIN_SEGMENT = "[A-Za-z0-9\\-_~!$&'()*+,=:@][A-Za-z0-9\\-._~!$&'()*+,=:@]*";
const PLAIN_QUERY = "\\?[A-Za-z0-9\\-._~!$&'()*+,;=:@%/?]*";
/** A target of plain segments; a slash may stand at its end. All rules of paths let it pass. */
const PLAIN_TARGET = new RegExp(`^/(?:${PLAIN_SEGMENT}(?:/${PLAIN_SEGMENT})*/?)?(?:${PLAIN_QUERY})?$`);
/**
 * RFC 3986 3.3 and 3.4, and the characters that browsers do not encode (URL Standard, path and query percent-encode set).
 * In the path, a rule of its own refuses these.
 */
const TARGET = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/[\]|]*(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?[\]|^`{}\\]*)?$/;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(\/.*)?$/is;

/**
 * Refuses, before anything else, every request that two parsers could take for different operations: targets in another
 * form, characters outside RFC 3986, dot segments, encoded slashes, misspelt methods. Credentials are not checked here,
 * because an open operation reads none.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function requestFirewall(options: FirewallOptions = {}): RequestFirewall {
  const { authorities, ...relaxed } = FIREWALL(options);
  const rules = PATH_RULES.filter(({ relaxation }) => relaxation === undefined || !relaxed[relaxation]);
  return ({ method, target }) => {
    if (!REGISTERED.has(method)) {
      if (!isToken(method)) return 'method_malformed';
      if (misspellsMethod(method)) return 'method_spelling';
    }
    // Nearly every request ends here (bench: jwt).
    return PLAIN_TARGET.test(target) ? undefined : checkTarget(target, rules, authorities);
  };
}

/** The methods of the IANA registry (RFC 9110 16.1.1). All of them are upper-case. */
const REGISTERED: ReadonlySet<string> = new Set(
  [
    'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY',
    'MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI PROPFIND PROPPATCH PUT QUERY',
    'REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL',
  ].flatMap((line) => line.split(' ')),
);

/**
 * Whether a method that is not registered would be in upper case. Methods are case-sensitive (RFC 9110 9.1), but `Request`
 * objects and some routers ignore the case.
 */
function misspellsMethod(method: string): boolean {
  return REGISTERED.has(method.toUpperCase());
}

function checkTarget(target: string, rules: readonly PathRule[], authorities: readonly string[]): string | undefined {
  const originForm = toOriginForm(target, authorities);
  if (originForm === undefined) return 'target_form';
  if (!TARGET.test(originForm)) return 'target_characters';
  const path = originForm.split('?', 1)[0] as string;
  return rules.find(({ breaks }) => breaks(path))?.reason;
}

function toOriginForm(target: string, authorities: readonly string[]): string | undefined {
  if (target.startsWith('/')) return target;
  const absolute = ABSOLUTE_FORM.exec(target);
  if (absolute === null || !authorities.includes((absolute[1] as string).toLowerCase())) return undefined;
  return absolute[2] ?? '/';
}
