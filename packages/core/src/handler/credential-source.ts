import { ConfigurationError } from '../errors/errors.js';
import { shownName } from '../errors/shown-name.js';
import { declaredMember, ownMember } from '../options/own-members.js';
import type { Challenge } from '../verdict/challenge.js';
import { type CredentialPlace, credentialPlace, explicitFirst } from './credential-place.js';

/**
 * The place of a handler's credential in the request. It tells the chain which handlers compete for one credential. Two
 * handlers that take every credential of one source are a start-up error, unless one of them is selective or the
 * fallback.
 *
 * | source | the credential is |
 * |---|---|
 * | `authorization:<scheme>` | what follows the scheme in Authorization |
 * | `header:<name>` | the value of a header field |
 * | `header:<name>:<scheme>` | what follows the scheme in another header field |
 * | `cookie:<name>` | the value of a cookie |
 * | `query:<name>` | the value of a query parameter |
 * | `subprotocol:<name>` | the protocol after this one in Sec-WebSocket-Protocol; after a name that ends in a dot, its rest |
 * | `tls:certificate` | the client certificate |
 *
 * Names of headers and schemes are in lower case. The names of cookies, parameters and sub-protocols are case-sensitive.
 */
export type CredentialSource = string | DividedSource;

/** A source that several handlers share. */
export interface DividedSource {
  readonly at: string;
  /**
   * The handler takes only some credentials of this source (tokens of its issuers) and leaves the others. Another source of the
   * same handler may be whole; then its own credential in two places is for the handler itself to refuse. If it is selective at
   * several sources that were sent, `extract` is asked about each alone: it owns that from which it takes one.
   */
  readonly selective?: boolean;
  /** The handler takes the credentials that no other handler of this source takes. */
  readonly fallback?: boolean;
}

/** The sources of a handler as the chain reads them, with every default filled in. */
export interface ReadSource {
  /** Where the credential may stand, explicit places first. At least one. */
  readonly places: readonly CredentialPlace[];
  /** Those of them of which it takes every credential. */
  readonly whole: readonly CredentialPlace[];
  readonly fallback: boolean;
}

/** The members of a handler that determine its source. */
interface Sourced {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source?: CredentialSource | readonly CredentialSource[];
}

/**
 * The sources of a handler, with the default filled in. A misspelt source is refused, because the chain would not see
 * that it competes with another handler's.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function sourceOf(handler: Sourced): ReadSource {
  const sources = declaredSources(handler) ?? [wholeScheme(handler)];
  const [first] = sources;
  const places = sources.flatMap(({ at }) => (typeof at === 'string' ? (credentialPlace(at) ?? []) : []));
  if (first === undefined || places.length < sources.length) {
    throw unfit(handler, 'must be such as authorization:bearer or header:x-api-key, in lower case');
  }
  const { fallback } = first;
  if (sources.some((each) => each.fallback !== fallback)) throw unfit(handler, 'must be all fallback, or none of it');
  const whole = places.filter((_, index) => !fallback && sources[index]?.selective === false);
  return { places: explicitFirst(places), whole: explicitFirst(whole), fallback };
}

function unfit({ name }: Sourced, rule: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', `the source of ${shownName(name)} ${rule}`);
}

interface PlacedSource {
  readonly at: string;
  readonly selective: boolean;
  readonly fallback: boolean;
}

/** The default: all credentials of the first challenge's Authorization scheme. */
function wholeScheme({ challenges: [first] }: Sourced): PlacedSource {
  return { at: `authorization:${first?.scheme.toLowerCase()}`, selective: false, fallback: false };
}

/** The sources that the handler or its class declares. A `source` on `Object.prototype` does not count. */
function declaredSources(handler: Sourced): readonly PlacedSource[] | undefined {
  const source = declaredMember(handler, 'source');
  if (source === undefined) return undefined;
  return (isList(source) ? source : [source]).map(placed);
}

function isList(source: CredentialSource | readonly CredentialSource[]): source is readonly CredentialSource[] {
  return Array.isArray(source);
}

function placed(source: CredentialSource): PlacedSource {
  if (typeof source === 'string') return { at: source, selective: false, fallback: false };
  return {
    at: ownMember(source, 'at') ?? '',
    selective: ownMember(source, 'selective') ?? false,
    fallback: ownMember(source, 'fallback') ?? false,
  };
}
