import { mark } from '../../brand/brand.js';
import type { Eventually } from '../../clock/eventually.js';
import { ABANDONED } from '../../guard/ask-guard.js';
import { type Guard, type GuardVerdict, PERMITTED } from '../../guard/guard.js';
import { noteLimiting } from '../../guard/votes.js';
import type { Principal } from '../../principal/principal.js';
import { SecurityRequest } from '../../request/request.js';

type Check = (principal: Principal, request: SecurityRequest) => Eventually<GuardVerdict>;

class LimitGuard implements Limit {
  readonly #brand = true;
  readonly name: string;
  readonly isEarly: boolean;
  readonly check: Check;

  constructor(name: string, isEarly: boolean, check: Check) {
    this.name = name;
    this.isEarly = isEarly;
    this.check = (principal, request) => uncounted(request) ?? check(principal, request);
    Object.freeze(this);
  }

  static {
    mark(this, 'limit');
  }

  static made(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

/**
 * What a limit says without counting. Nobody is served after the deadline or when the client has gone, and nobody would tell
 * the end of such a request. A lease that is asked about again is no request: it was counted when it was granted.
 */
function uncounted(request: SecurityRequest): GuardVerdict | undefined {
  if (SecurityRequest.isAbandoned(request)) return ABANDONED;
  return SecurityRequest.countLimits(request).isRecheck ? PERMITTED : undefined;
}

/** A guard that limits how much callers may ask for. Only `rateLimit` and `concurrencyLimit` make one. */
export interface Limit extends Guard<never> {
  /** Whether it counts by what is known before anybody is authenticated: then `limits` of a chain take it, too. */
  readonly isEarly: boolean;
}

export function newLimit(name: string, isEarly: boolean, check: Check): Limit {
  return noteLimiting(new LimitGuard(name, isEarly, check));
}

export function isLimit(value: unknown): value is Limit {
  return LimitGuard.made(value);
}
