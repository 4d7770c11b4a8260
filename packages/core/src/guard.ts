import { ConfigurationError } from './errors.js';
import { adopt, andThen, type Eventually, isThenable } from './eventually.js';
import { checkOptions, oneOf, withDefault } from './options.js';
import type { Principal } from './principal.js';
import type { SecurityRequest } from './request.js';
import { COVERS, coversAll, coversSome, isScopeToken, SCOPE_STRATEGIES, type ScopeStrategy } from './scope.js';
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
    check: (principal: Principal, request: SecurityRequest) => andThen(adopt(check(principal, request)), strict),
  });
}

function strict(answer: GuardVerdict | boolean): GuardVerdict {
  if (answer === true) return PERMITTED;
  if (answer === false) return forbidden('policy_refused');
  return answer;
}

/** Whether everything listed is needed, or one of it is enough. */
export type Match = 'all' | 'any';

const MATCHES = ['all', 'any'] as const satisfies readonly Match[];

export interface ScopeOptions {
  /** Whether every listed scope is needed or one is enough. Default `all`. */
  readonly match?: Match | undefined;
  /**
   * `exact` (default): equal, case-sensitive (RFC 6749 3.3). `hierarchic`: `files` covers `files.read` and
   * `files:read`. `wildcard`: `files.*` covers `files.read`; a `*` stands for one whole segment, at the end for one or
   * more.
   */
  readonly strategy?: ScopeStrategy | undefined;
}

export type RoleOptions = Pick<ScopeOptions, 'match'>;

/**
 * Requires OAuth scopes; refuses with `insufficient_scope` and the list (RFC 6750 3.1).
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function requireScopes(scopes: string | readonly string[], options: ScopeOptions = {}): Guard {
  const required = checkedScopes(typeof scopes === 'string' ? [scopes] : scopes);
  const { match, strategy } = checkOptions('ScopeOptions', options, {
    match: withDefault(oneOf(...MATCHES), 'all'),
    strategy: withDefault(oneOf(...SCOPE_STRATEGIES), 'exact'),
  });
  const covers = COVERS[strategy];
  const any = match === 'any';
  const isEnough = any ? coversSome : coversAll;
  const refusal = forbidden('insufficient_scope', { scopes: any ? required.slice(0, 1) : required });
  return guard(`requireScopes(${required.join(any ? ' | ' : ' ')})`, ({ scopes: granted }) =>
    isEnough(granted, required, covers) ? PERMITTED : refusal,
  );
}

function checkedScopes(scopes: readonly string[]): readonly string[] {
  if (scopes.length === 0 || !scopes.every(isScopeToken)) {
    throw new ConfigurationError(
      'ERR_SALLYPORT_OPTION_INVALID',
      'requireScopes takes at least one scope, each a scope-token of RFC 6749 3.3',
    );
  }
  return Object.freeze([...scopes]);
}

/**
 * Requires roles: all of them, or one with `match: 'any'`. Roles are not scopes, so the refusal names none.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function requireRoles(roles: string | readonly string[], options: RoleOptions = {}): Guard {
  const required = checkedNames('requireRoles', typeof roles === 'string' ? [roles] : roles);
  const { match } = checkOptions('RoleOptions', options, { match: withDefault(oneOf(...MATCHES), 'all') });
  const any = match === 'any';
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

/** Asks one guard. Whatever is wrong with its answer is thrown, after the trace has learned whose fault it is. */
export function askGuard(member: Guard, principal: Principal, request: SecurityRequest): Eventually<GuardVerdict> {
  try {
    const answer: unknown = member.check(principal, request);
    return isThenable(answer) ? answerLater(answer, member, request) : checkedAnswer(answer);
  } catch (error) {
    return blame(member, error, request);
  }
}

function answerLater(answer: PromiseLike<unknown>, member: Guard, request: SecurityRequest): Promise<GuardVerdict> {
  return Promise.resolve(answer)
    .then(checkedAnswer)
    .catch((error) => blame(member, error, request));
}

function checkedAnswer(answer: unknown): GuardVerdict {
  if (isGuardVerdict(answer)) return answer;
  throw new TypeError('check() returned no guard verdict');
}

function blame(member: Guard, error: unknown, request: SecurityRequest): never {
  request.trace?.noteFault(member.name, error);
  throw error;
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
  return andThen(askGuard(member, principal, request), (verdict) => {
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
  return andThen(askGuard(member, principal, request), (verdict) => {
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
