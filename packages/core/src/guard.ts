import { ConfigurationError } from './errors.js';
import { andThen, type Eventually } from './eventually.js';
import type { Principal } from './principal.js';

import type { SecurityRequest } from './request.js';
import {
  type Challenged,
  type Denied,
  denied,
  type Forbidden,
  forbidden,
  isVerdict,
  type Limited,
  type Unavailable,
} from './verdict.js';

class GuardAnswer<Kind extends string> {
  readonly #brand = true;
  readonly kind: Kind;

  constructor(kind: Kind) {
    this.kind = kind;
    Object.freeze(this);
  }

  static made(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

export type Permitted = GuardAnswer<'permitted'>;
export type Abstained = GuardAnswer<'abstained'>;

/** What a guard concluded. Of all verdicts it may return those that refuse. */
export type GuardVerdict = Permitted | Abstained | Denied | Forbidden | Challenged | Limited | Unavailable;

/** The guard has no objection. */
export const PERMITTED: Permitted = new GuardAnswer('permitted');
/** The guard has no opinion. If every guard abstains, the request is refused. */
export const ABSTAINED: Abstained = new GuardAnswer('abstained');

/** A check after authentication. Runs on every request, also when the principal came from a cache. */
export interface Guard {
  readonly name: string;
  check(principal: Principal, request: SecurityRequest): Eventually<GuardVerdict>;
}

/** A guard as a plain function: exactly `true` permits, exactly `false` forbids; anything unbranded is a bug. */
export type GuardFunction = (principal: Principal, request: SecurityRequest) => Eventually<GuardVerdict | boolean>;

export type GuardLike = Guard | GuardFunction;

/** Turns a function into a guard; the name shows in traces. */
export function guard(name: string, check: GuardFunction): Guard {
  return Object.freeze({
    name,
    check: (principal: Principal, request: SecurityRequest) => andThen(check(principal, request), strict),
  });
}

function strict(answer: GuardVerdict | boolean): GuardVerdict {
  if (answer === true) return PERMITTED;
  if (answer === false) return forbidden('policy_refused');
  return answer;
}

/** How a granted scope may cover a required one. */
export type ScopeStrategy = 'exact' | 'hierarchic' | 'wildcard';

export interface ScopeOptions {
  /** Whether every listed scope is needed or one is enough. Default `all`. */
  readonly match?: 'all' | 'any';
  /**
   * `exact` (default): equal, case-sensitive (RFC 6749 3.3). `hierarchic`: `files` covers `files.read` and
   * `files:read`. `wildcard`: `files.*` covers `files.read`; a `*` stands for one or more whole segments.
   */
  readonly strategy?: ScopeStrategy;
}

/**
 * Requires OAuth scopes; refuses with `insufficient_scope` and the list (RFC 6750 3.1).
 * @throws {ConfigurationError} when the list is empty or a scope breaks the syntax of RFC 6749 3.3
 */
export function requireScopes(scopes: string | readonly string[], options: ScopeOptions = {}): Guard {
  const required = checkedScopes(typeof scopes === 'string' ? [scopes] : scopes);
  const covers = COVERS[options.strategy ?? 'exact'];
  const any = options.match === 'any';
  const refusal = forbidden('insufficient_scope', { scopes: any ? required.slice(0, 1) : required });
  return guard(`requireScopes(${required.join(any ? ' | ' : ' ')})`, (principal) => {
    const has = (scope: string) => principal.scopes.some((granted) => covers(granted, scope));
    return (any ? required.some(has) : required.every(has)) ? PERMITTED : refusal;
  });
}

const COVERS: Record<ScopeStrategy, (granted: string, required: string) => boolean> = {
  exact: (granted, required) => granted === required,
  hierarchic: (granted, required) =>
    granted === required || (required.startsWith(granted) && /[.:]/.test(required.charAt(granted.length))),
  wildcard: coversWithWildcard,
};

function coversWithWildcard(granted: string, required: string): boolean {
  const pattern = granted.split(/[.:]/);
  const segments = required.split(/[.:]/);
  const endsOpen = pattern.at(-1) === '*' && segments.length > pattern.length;
  if (!endsOpen && pattern.length !== segments.length) return false;
  return pattern.every((part, index) => part === '*' || part === segments[index]);
}

const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

function checkedScopes(scopes: readonly string[]): readonly string[] {
  if (scopes.length === 0 || !scopes.every((scope) => typeof scope === 'string' && SCOPE_TOKEN.test(scope))) {
    throw new ConfigurationError(
      'ERR_SALLYPORT_OPTION_INVALID',
      'requireScopes takes at least one scope, each a scope-token of RFC 6749 3.3',
    );
  }
  return Object.freeze([...scopes]);
}

/** Requires roles: all of them, or one with `match: 'any'`. Roles are not scopes, so the refusal names none. */
export function requireRoles(roles: string | readonly string[], options: { match?: 'all' | 'any' } = {}): Guard {
  const required = checkedNames('requireRoles', typeof roles === 'string' ? [roles] : roles);
  const any = options.match === 'any';
  const refusal = forbidden('role_missing');
  return guard(`requireRoles(${required.join(any ? ' | ' : ' ')})`, (principal) => {
    const has = (role: string) => principal.hasRole(role);
    return (any ? required.some(has) : required.every(has)) ? PERMITTED : refusal;
  });
}

/**
 * Requires that the token was meant for one of these audiences; exact member match (RFC 7519 4.1.3). Another
 * audience is a token that is not valid here: 401 `invalid_token` (RFC 9068 4).
 */
export function requireAudience(audience: string | readonly string[]): Guard {
  const accepted = checkedNames('requireAudience', typeof audience === 'string' ? [audience] : audience);
  const refusal = denied('audience_mismatch');
  return guard(`requireAudience(${accepted.join(' | ')})`, (principal) =>
    accepted.some((name) => principal.audience.includes(name)) ? PERMITTED : refusal,
  );
}

function checkedNames(owner: string, names: readonly string[]): readonly string[] {
  if (names.length === 0 || !names.every((name) => typeof name === 'string' && name !== '')) {
    throw new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', `${owner} takes at least one non-empty name`);
  }
  return Object.freeze([...names]);
}

/** Every guard must permit or abstain, in order; all abstaining is abstaining. Needs at least one guard. */
export function every(...guards: readonly GuardLike[]): Guard {
  const members = checkedGuards('every', guards);
  if (members.length === 1) return members[0] as Guard;
  return guard(`every(${members.map((member) => member.name).join(', ')})`, (principal, request) =>
    everyFrom(0, members, ABSTAINED, principal, request),
  );
}

function everyFrom(
  index: number,
  members: readonly Guard[],
  soFar: GuardVerdict,
  principal: Principal,
  request: SecurityRequest,
): Eventually<GuardVerdict> {
  const member = members[index];
  if (member === undefined) return soFar;
  return andThen(member.check(principal, request), (verdict) => {
    if (!isGuardVerdict(verdict)) throw new TypeError(`${member.name} returned no guard verdict`);
    if (verdict.kind === 'abstained') return everyFrom(index + 1, members, soFar, principal, request);
    if (verdict.kind === 'permitted') return everyFrom(index + 1, members, verdict, principal, request);
    return verdict;
  });
}

/**
 * One guard that permits is enough. Otherwise an outage outranks every refusal, since the guard that could not
 * answer might have permitted; then the first refusal; all abstaining is abstaining. Needs at least one guard.
 */
export function some(...guards: readonly GuardLike[]): Guard {
  const members = checkedGuards('some', guards);
  return guard(`some(${members.map((member) => member.name).join(', ')})`, (principal, request) =>
    someFrom(0, members, ABSTAINED, principal, request),
  );
}

function someFrom(
  index: number,
  members: readonly Guard[],
  soFar: GuardVerdict,
  principal: Principal,
  request: SecurityRequest,
): Eventually<GuardVerdict> {
  const member = members[index];
  if (member === undefined) return soFar;
  return andThen(member.check(principal, request), (verdict) => {
    if (!isGuardVerdict(verdict)) throw new TypeError(`${member.name} returned no guard verdict`);
    if (verdict.kind === 'permitted') return verdict;
    const replaces = soFar.kind === 'abstained' || (verdict.kind === 'unavailable' && soFar.kind !== 'unavailable');
    return someFrom(index + 1, members, replaces ? verdict : soFar, principal, request);
  });
}

/** Checks and names a list of guards; functions get the name that they were declared with. */
function checkedGuards(owner: string, guards: readonly GuardLike[]): readonly Guard[] {
  if (guards.length === 0) {
    throw new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', `${owner} needs at least one guard`);
  }
  return Object.freeze(guards.map((item) => asGuard(owner, item)));
}

function asGuard(owner: string, item: GuardLike): Guard {
  if (typeof item === 'function') return guard(item.name || 'guard', item);
  if (typeof item?.name === 'string' && typeof item.check === 'function') return item;
  throw new ConfigurationError(
    'ERR_SALLYPORT_OPTION_INVALID',
    `${owner} takes functions and objects with a name and a check() method`,
  );
}

/** True for what a guard may return; `authenticated` and `malformed` are not among it. */
export function isGuardVerdict(value: unknown): value is GuardVerdict {
  if (GuardAnswer.made(value)) return true;
  return isVerdict(value) && value.kind !== 'authenticated' && value.kind !== 'malformed';
}
