import { hash } from 'node:crypto';
import type { Eventually } from '../../clock/eventually.js';
import { MisuseError } from '../../errors/errors.js';
import { publishCacheEvent } from '../../events/cache-events.js';
import { type GuardVerdict, PERMITTED } from '../../guard/guard.js';
import type { Principal } from '../../principal/principal.js';
import { SecurityRequest } from '../../request/request.js';
import { limited } from '../../verdict/verdict.js';
import { type Limit, newLimit } from './limit-guard.js';
import {
  type CostFunction,
  RATE_LIMIT,
  RATE_LIMIT_COLLABORATORS,
  type RateLimitCollaborators,
  type RateLimitOptions,
} from './rate-limit-options.js';
import { StoreWatch } from './store-watch.js';
import { type Standing, WindowCounter } from './window-counter.js';

/**
 * Limits how much a caller may ask for within a window of time: a rate limit, or with a long window a quota. Otherwise 429
 * with Retry-After. A guard; a limit that counts by network, operation or everybody may also stand in `limits` of a chain,
 * where it is asked before anybody is authenticated. Callers see how they stand in the fields `RateLimit` and
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10). See docs/limits.md.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const perMinute = rateLimit({ name: 'minute', limit: 100, windowSeconds: 60, by: 'client' });
 * const perMonth = rateLimit({ name: 'month', limit: 100_000, windowSeconds: 2_592_000, by: { claim: 'tenant' } });
 * const chain = new SecurityChain({ requirement: jwt, guards: [perMinute, perMonth] });
 */
export function rateLimit(options: RateLimitOptions, collaborators: RateLimitCollaborators = {}): Limit {
  const checked = RATE_LIMIT(options);
  const { counterStore: store, clock } = RATE_LIMIT_COLLABORATORS(collaborators);
  const { name, limit, windowSeconds, window, by, cost, responseFields } = checked;
  const prefix = `${name}\0${window}\0${windowSeconds}\0`;
  const watch = new StoreWatch(clock, {
    away: (reason) => publishCacheEvent({ kind: 'limit_store_unavailable', limit: name, reason }),
    back: () => publishCacheEvent({ kind: 'limit_store_recovered', limit: name }),
  });
  const counts = new Map(
    Array.from(limit.named, ([value, amount]): [string, Counts] => [
      value,
      {
        begin: value === '' ? prefix : `${prefix}${value}\0`,
        policy: `"${name}";q=${amount};w=${windowSeconds}`,
        counter: new WindowCounter({ ...checked, limit: amount }, { store, clock, watch }),
      },
    ]),
  );

  function conclude(
    standing: Standing,
    key: string,
    policy: string,
    price: number,
    request: SecurityRequest,
  ): GuardVerdict {
    const { isGranted, used, most, resetMs, waitMs, isLocal } = standing;
    const verdict = isGranted
      ? PERMITTED
      : limited({
          retryAfterSeconds: Math.max(1, waitMs / 1_000),
          detail: `${name}: ${used} of ${most} used in ${windowSeconds} s, counted by ${by.text}${isLocal ? ' in this process alone' : ''}`,
        });
    const seconds = Math.ceil(resetMs / 1_000);
    const told = responseFields
      ? { policy, standing: `"${name}";r=${Math.max(0, most - used)};t=${seconds}` }
      : undefined;
    SecurityRequest.countLimits(request).note(self, key, verdict, told);
    request.trace?.noteLimit({ limit: name, by: by.text, used, most, cost: price, refused: !isGranted, isLocal });
    return verdict;
  }

  // A closure of its own, so that a limit without a store makes none.
  function concludeLater(
    pending: Promise<Standing>,
    key: string,
    policy: string,
    price: number,
    request: SecurityRequest,
  ) {
    return pending.then((standing) => conclude(standing, key, policy, price, request));
  }

  function check(principal: Principal, request: SecurityRequest): Eventually<GuardVerdict> {
    const { begin, policy, counter } = counts.get(limit.nameFor(principal)) as Counts;
    const key = hash('sha256', begin + by.of(principal, request), 'base64url');
    const known = SecurityRequest.countLimits(request).find(self, key);
    if (known !== undefined) return known as GuardVerdict;
    const price = typeof cost === 'number' ? cost : priceOf(cost, principal, request);
    const standing = counter.take(key, price, request.remoteAddress);
    return standing instanceof Promise
      ? concludeLater(standing, key, policy, price, request)
      : conclude(standing, key, policy, price, request);
  }

  const self = newLimit(`rateLimit(${name})`, by.isEarly && limit.isEarly, check);
  return self;
}

/** The counts of those who may use the same amount. */
interface Counts {
  /** What their keys in the store begin with. */
  readonly begin: string;
  readonly policy: string;
  readonly counter: WindowCounter;
}

function priceOf(cost: CostFunction, principal: Principal, request: SecurityRequest): number {
  const price = cost(principal, request);
  if (Number.isInteger(price) && price >= 0 && price <= 1_000_000_000) return price;
  throw new MisuseError('the cost of a request is a whole number from 0 to 1 000 000 000');
}
