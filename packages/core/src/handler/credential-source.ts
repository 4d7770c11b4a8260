import { ConfigurationError } from '../errors/errors.js';
import { shownName } from '../errors/shown-name.js';
import { inheritsFromClass, ownMember } from '../options/own-members.js';
import type { Challenge } from '../verdict/challenge.js';

/**
 * Where a handler's credential stands, so that the chain knows which handlers compete for the same one: one of
 * `authorization:<scheme>`, `header:<name>`, `cookie:<name>`, `query:<name>` (in lower case) or `tls:certificate`.
 * Two handlers that take everything of one source are a start-up error unless one of them is selective or the fallback.
 */
export type CredentialSource = string | DividedSource;

/** A source that several handlers divide among them. */
export interface DividedSource {
  readonly at: string;
  /** The handler takes only some credentials of this source (tokens of its issuers) and leaves the others. */
  readonly selective?: boolean;
  /** The handler takes what no other handler of this source wants. */
  readonly fallback?: boolean;
}

/** A source as the chain reads it, with every default filled in. */
export interface ReadSource {
  readonly at: string;
  readonly selective: boolean;
  readonly fallback: boolean;
}

/** What tells the source of a handler. */
interface Sourced {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source?: CredentialSource;
}

const PLACE = /^(?:(?:authorization|header|cookie|query):[!-@[-~]+|tls:certificate)$/;

/**
 * The source of a handler, with the default filled in. A misspelt one would not be seen to compete with others.
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

/** All credentials of the first challenge's Authorization scheme. */
function wholeScheme({ challenges: [first] }: Sourced): ReadSource {
  return { at: `authorization:${first?.scheme.toLowerCase()}`, selective: false, fallback: false };
}

/** What the handler or its class says; not what every object in the process would say. */
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

/** Cookies and client certificates are sent without being asked; what a client adds by itself is explicit. */
export function isAmbient({ at }: ReadSource): boolean {
  return at.startsWith('cookie:') || at.startsWith('tls:');
}
