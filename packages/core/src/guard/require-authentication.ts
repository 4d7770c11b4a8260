import { type Clock, clockOption } from '../clock/clock.js';
import * as option from '../options/options.js';
import { type Principal, proofsOf } from '../principal/principal.js';
import { quoted } from '../secrecy/quoted.js';
import { challenged } from '../verdict/verdict.js';
import { type Guard, guard, PERMITTED } from './guard.js';

const CLASS = /^[\x21-\x7e]+$/;

/** Clients send them on in one parameter, with spaces between them. */
const classReference: option.Check<string> = option.withSchema(
  { type: 'string', pattern: CLASS.source },
  (value, name) => {
    if (typeof value === 'string' && CLASS.test(value)) return value;
    throw option.invalid(name, 'must be printable ASCII without spaces');
  },
);

const listed = option.listOf(classReference);

const classReferences: option.Check<readonly string[]> = option.withSchema(
  { ...listed.schema, minItems: 1 },
  (value, name) => {
    const references = listed(value, name);
    if (references.length === 0) throw option.invalid(name, 'must name at least one');
    return references;
  },
);

export const AUTHENTICATION = option.table('AuthenticationOptions', {
  /**
   * Authentication context class references. The `acr` of the token must be one of them; they are compared exactly. Clients
   * are told them in this order, the preferred one first. Default: any.
   */
  acrValues: option.optional(classReferences),
  /**
   * How long ago the user may have authenticated, in whole seconds: `auth_time` of the token. At the limit is in time.
   * Default: any time.
   */
  maxAgeSeconds: option.optional(option.wholeBetween(1, 31_536_000)),
});

export interface AuthenticationOptions extends option.Given<typeof AUTHENTICATION> {}

export const authenticationOptions: option.Table<
  option.Kept<typeof AUTHENTICATION>,
  AuthenticationOptions
> = AUTHENTICATION;

type Demand = option.Kept<typeof AUTHENTICATION>;

export const AUTHENTICATION_COLLABORATORS = option.table('AuthenticationCollaborators', {
  clock: clockOption,
});

export interface AuthenticationCollaborators extends option.Given<typeof AUTHENTICATION_COLLABORATORS> {}

/**
 * How far ahead the clock of an issuer may be, in seconds. A later `auth_time` is no date in the past, so it says nothing
 * about an age. Ages themselves have no tolerance.
 */
const AHEAD_SECONDS = 60;

/**
 * Requires how, and how lately, the user authenticated (step-up, RFC 9470): at least one of the two options. Otherwise 401
 * with `insufficient_user_authentication`, `acr_values` and `max_age`, on the Bearer or DPoP challenge of the caller: the
 * client sends the user through a login once more. A token without `acr` or `auth_time` is refused where it is needed. If
 * several proofs make the caller, each that tells an `acr` must satisfy, and at least one must; with `maxAgeSeconds` alone,
 * each that tells an `auth_time`.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * app.post('/payments', secure(requireAuthentication({ acrValues: ['urn:example:mfa'], maxAgeSeconds: 300 })), listOrders);
 */
export function requireAuthentication(
  options: AuthenticationOptions,
  collaborators: AuthenticationCollaborators = {},
): Guard<never> {
  const demand = AUTHENTICATION(options);
  const { clock } = AUTHENTICATION_COLLABORATORS(collaborators);
  const { acrValues, maxAgeSeconds } = demand;
  if (acrValues === undefined && maxAgeSeconds === undefined) {
    throw option.invalid('AuthenticationOptions', 'must have acrValues or maxAgeSeconds');
  }
  const parameters = challengeOf(demand);
  const made = guard(nameOf(demand), (principal) => {
    const shortfall = shortfallOf(principal, demand, clock);
    return shortfall === undefined ? PERMITTED : challenged(parameters, { detail: shortfall });
  });
  demands.set(made, demand);
  return made;
}

const demands = new WeakMap<object, Demand>();

/** What a guard of `requireAuthentication` demands; undefined for any other. For tools that show or compare guards. */
export function authenticationOf(made: object): AuthenticationOptions | undefined {
  return demands.get(made);
}

/** RFC 9470 3: everything that is needed, so that one more login is enough. */
function challengeOf({ acrValues, maxAgeSeconds }: Demand): Readonly<Record<string, string>> {
  return Object.freeze({
    error: 'insufficient_user_authentication',
    ...(acrValues && { acr_values: acrValues.join(' ') }),
    ...(maxAgeSeconds !== undefined && { max_age: String(maxAgeSeconds) }),
  });
}

function nameOf({ acrValues = [], maxAgeSeconds }: Demand): string {
  const parts = [acrValues.join(' | '), maxAgeSeconds === undefined ? '' : `within ${maxAgeSeconds} s`];
  return `requireAuthentication(${parts.filter((part) => part !== '').join(' ')})`;
}

/** What is missing, for the operator; undefined if nothing is. */
function shortfallOf(principal: Principal, demand: Demand, clock: Clock): string | undefined {
  if (principal.via.length < 2) return shortfallOfProof(principal, demand, clock);
  const member = demand.acrValues === undefined ? 'authenticatedAt' : 'acr';
  const telling = proofsOf(principal).filter((proof) => proof[member] !== undefined);
  if (telling.length === 0) return shortfallOfProof(principal, demand, clock);
  for (const proof of telling) {
    const shortfall = shortfallOfProof(proof, demand, clock);
    if (shortfall !== undefined) return shortfall;
  }
  return undefined;
}

/** Both have to be said of one login: a class of one and the time of another prove nothing together. */
function shortfallOfProof(
  { acr, authenticatedAt }: Pick<Principal, 'acr' | 'authenticatedAt'>,
  { acrValues, maxAgeSeconds }: Demand,
  clock: Clock,
): string | undefined {
  if (acrValues !== undefined && (acr === undefined || !acrValues.includes(acr))) {
    return `acr is ${acr === undefined ? 'missing' : quoted(acr)}, expected one of ${quoted(acrValues)}`;
  }
  if (maxAgeSeconds === undefined) return undefined;
  if (authenticatedAt === undefined) return `auth_time is missing, expected at most ${maxAgeSeconds} s ago`;
  const ageSeconds = Math.floor(clock.now() / 1_000) - Math.floor(authenticatedAt);
  if (ageSeconds > maxAgeSeconds) return `auth_time is ${ageSeconds} s ago, expected at most ${maxAgeSeconds} s`;
  return ageSeconds < -AHEAD_SECONDS ? `auth_time is ${-ageSeconds} s ahead` : undefined;
}
