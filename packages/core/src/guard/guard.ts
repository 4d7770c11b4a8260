import { mark } from '../brand/brand.js';
import { adopt, andThen, type Eventually } from '../clock/eventually.js';
import { ownMember } from '../options/own-members.js';
import type { Principal } from '../principal/principal.js';
import type { SecurityRequest } from '../request/request.js';
import {
  type Challenged,
  type Denied,
  type Forbidden,
  forbidden,
  isVerdict,
  type Limited,
  type Unavailable,
} from '../verdict/verdict.js';
import type { NeededScopes } from './needed-scopes.js';

/** The verdicts that guards give and handlers do not. */
class GuardOnlyVerdict<Kind extends string> {
  readonly #brand = true;
  readonly kind: Kind;

  constructor(kind: Kind) {
    this.kind = kind;
    Object.freeze(this);
  }

  static {
    mark(this, 'guard verdict');
  }

  static made(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

export type Permitted = GuardOnlyVerdict<'permitted'>;
export type Abstained = GuardOnlyVerdict<'abstained'>;

/** The answer of a guard: permitted, abstained, or a refusing verdict other than `malformed`. */
export type GuardVerdict = Permitted | Abstained | Denied | Forbidden | Challenged | Limited | Unavailable;

/** The guard has no objection. */
export const PERMITTED: Permitted = new GuardOnlyVerdict('permitted');
/** The guard has no opinion. If every guard abstains, the request is refused. */
export const ABSTAINED: Abstained = new GuardOnlyVerdict('abstained');

declare const REQUIRED: unique symbol;

/**
 * A check after authentication. Runs on every request, also when the principal came from a cache. `Scopes` are the scopes
 * that it asks for, as the compiler knows them: `never` for a guard that asks for none.
 */
export interface Guard<Scopes extends string = string> {
  readonly name: string;
  check(principal: Principal, request: SecurityRequest): Eventually<GuardVerdict>;
  /** The scopes that it needs, for challenges and for the metadata of the resource. Default: none that are known. */
  readonly needs?: readonly NeededScopes[] | undefined;
  /** For the compiler only. */
  readonly [REQUIRED]?: Scopes;
}

/**
 * A guard as a plain function. `true` permits, `false` forbids. Any other value that is no guard verdict is a bug of
 * the guard and refuses the request.
 */
export type GuardFunction = (principal: Principal, request: SecurityRequest) => Eventually<GuardVerdict | boolean>;

/** A guard, or a function that becomes one. */
export type GuardLike<Scopes extends string = string> = Guard<Scopes> | GuardFunction;

/**
 * Turns a function into a guard; the name shows in traces. `needs` tells clients the scopes that the function checks.
 * @example
 * const ownTenant = guard('own-tenant', ({ claims }, request) => request.header('x-tenant') === claims['tenant']);
 */
export function guard(
  name: string,
  check: GuardFunction,
  options: { needs?: readonly NeededScopes[] | undefined } = {},
): Guard<never> {
  return Object.freeze({
    name,
    needs: ownMember(options, 'needs'),
    check(principal: Principal, request: SecurityRequest): Eventually<GuardVerdict> {
      const answer = check(principal, request);
      return isGuardVerdict(answer) ? answer : andThen(adopt(answer), strict);
    },
  });
}

function strict(answer: GuardVerdict | boolean): GuardVerdict {
  if (answer === true) return PERMITTED;
  if (answer === false) return forbidden('policy_refused');
  return answer;
}

/**
 * True for the answers that a guard may return: `permitted`, `abstained`, and every verdict except `authenticated` and
 * `malformed`.
 */
export function isGuardVerdict(value: unknown): value is GuardVerdict {
  if (GuardOnlyVerdict.made(value)) return true;
  return isVerdict(value) && value.kind !== 'authenticated' && value.kind !== 'malformed';
}
