import { ConfigurationError } from '../errors/errors.js';
import { shownName } from '../errors/shown-name.js';
import { isPrintable, isToken } from './http-grammar.js';

/** What a 401 or 403 tells a client about one authentication scheme (RFC 9110 11.6.1). */
export interface Challenge {
  readonly scheme: string;
  /** Parameter names and unescaped values. They are sent as quoted strings, in this order. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Builds a challenge and checks it once: the scheme and the names must be tokens, the values printable ASCII.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function challenge(scheme: string, parameters: Readonly<Record<string, string | undefined>> = {}): Challenge {
  if (typeof scheme !== 'string' || !isToken(scheme))
    throw unfit('a challenge scheme must be a token (RFC 9110 5.6.2)');
  return Object.freeze({ scheme, parameters: checkedParameters(parameters, scheme, unfit) });
}

/**
 * Checks and copies the parameters of a challenge. `owner` names the challenge in messages; `complain` makes the error.
 */
export function checkedParameters(
  parameters: Readonly<Record<string, string | undefined>>,
  owner: string,
  complain: (problem: string) => Error,
): Challenge['parameters'] {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    if (!isToken(name)) throw complain('a challenge parameter name must be a token (RFC 9110 5.6.2)');
    if (typeof value !== 'string' || !isPrintable(value)) throw complain(`${owner} ${name} must be printable ASCII`);
    kept[name] = value;
  }
  return Object.freeze(kept);
}

/** A `Bearer` challenge (RFC 6750 3). RFC 6750 wants at least one parameter, so there is always a realm. */
export function bearerChallenge(realm: string): Challenge {
  return challenge('Bearer', { realm });
}

/** A `Basic` challenge (RFC 7617 2 and 2.1). The realm is required; UTF-8 is the only charset. */
export function basicChallenge(realm: string): Challenge {
  return challenge('Basic', { realm, charset: 'UTF-8' });
}

/** The value of one `WWW-Authenticate` line; backslash and quote are escaped (RFC 9110 5.6.4). */
export function formatChallenge({ scheme, parameters }: Challenge): string {
  const list = Object.entries(parameters).map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&')}"`);
  return list.length === 0 ? scheme : `${scheme} ${list.join(', ')}`;
}

/** Adds parameters to a challenge; they replace those of the same name. `more` must have been checked. */
export function extendChallenge({ scheme, parameters }: Challenge, more: Challenge['parameters']): Challenge {
  return { scheme, parameters: { ...parameters, ...more } };
}

/** Whether the scheme is Bearer or DPoP. Only these define the error codes of RFC 6750 3.1 and RFC 9449 7.1. */
export function takesToken({ scheme }: Challenge): boolean {
  return /^(?:bearer|dpop)$/i.test(scheme);
}

/**
 * Checks a challenge of a handler: it must be well-formed, and a `Bearer` challenge must have a parameter (RFC 6750 3).
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function checkChallenge(given: Challenge, owner: string): void {
  const { scheme, parameters } = challenge(given?.scheme, given?.parameters);
  if (/^bearer$/i.test(scheme) && Object.keys(parameters).length === 0) {
    throw unfit(`the Bearer challenge of ${shownName(owner)} needs a parameter, such as the realm (RFC 6750 3)`);
  }
}

function unfit(message: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', message);
}
