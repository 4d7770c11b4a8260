import { ConfigurationError } from '../errors/errors.js';
import { shownName } from '../errors/shown-name.js';
import { inheritsFromClass, ownMember } from '../options/own-members.js';
import type { Challenge } from '../verdict/challenge.js';

/**
 * The place of a handler's credential in the request: `authorization:<scheme>`, `header:<name>`, `cookie:<name>`,
 * `query:<name>` (in lower case) or `tls:certificate`. It tells the chain which handlers compete for one credential.
 * Two handlers that take every credential of one source are a start-up error, unless one of them is selective or the
 * fallback.
 */
export type CredentialSource = string | DividedSource;

/** A source that several handlers share. */
export interface DividedSource {
  readonly at: string;
  /** The handler takes only some credentials of this source (tokens of its issuers) and leaves the others. */
  readonly selective?: boolean;
  /** The handler takes the credentials that no other handler of this source takes. */
  readonly fallback?: boolean;
}

/** A source as the chain reads it, with every default filled in. */
export interface ReadSource {
  readonly at: string;
  readonly selective: boolean;
  readonly fallback: boolean;
}

/** The members of a handler that determine its source. */
interface Sourced {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source?: CredentialSource;
}

const PLACE = /^(?:(?:authorization|header|cookie|query):[!-@[-~]+|tls:certificate)$/;

/**
 * The source of a handler, with the default filled in. A misspelt source is refused, because the chain would not see
 * that it competes with another handler's.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function sourceOf(handler: Sourced): ReadSource {
  const source = declaredSource(handler) ?? wholeScheme(handler);
  if (PLACE.test(source.at)) return source;
  throw new ConfigurationError(
    'ERR_SALLYPORT_OPTION_INVALID',
    `the source of ${shownName(handler.name)} must be such as authorization:bearer or header:x-api-key, in lower case`,
  );
}

/** The default: all credentials of the first challenge's Authorization scheme. */
function wholeScheme({ challenges: [first] }: Sourced): ReadSource {
  return { at: `authorization:${first?.scheme.toLowerCase()}`, selective: false, fallback: false };
}

/** The source that the handler or its class declares. A `source` on `Object.prototype` does not count. */
function declaredSource(handler: Sourced): ReadSource | undefined {
  const { source } = handler;
  const isItsOwn = Object.hasOwn(handler, 'source') || inheritsFromClass(handler, 'source');
  if (source === undefined || !isItsOwn) return undefined;
  if (typeof source === 'string') return { at: source, selective: false, fallback: false };
  return {
    at: ownMember(source, 'at') ?? '',
    selective: ownMember(source, 'selective') ?? false,
    fallback: ownMember(source, 'fallback') ?? false,
  };
}

/**
 * Ambient credentials, cookies and client certificates, are sent with every request. The client adds the others
 * explicitly.
 */
export function isAmbient({ at }: ReadSource): boolean {
  return at.startsWith('cookie:') || at.startsWith('tls:');
}
