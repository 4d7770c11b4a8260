import { MisuseError } from '../../errors/errors.js';
import { type GuardVerdict, PERMITTED } from '../../guard/guard.js';
import * as option from '../../options/options.js';
import type { Principal } from '../../principal/principal.js';
import { SecurityRequest } from '../../request/request.js';
import { limited } from '../../verdict/verdict.js';
import { type Limit, newLimit } from './limit-guard.js';
import { limitKey } from './limit-key.js';
import { limitName } from './rate-limit-options.js';

export const CONCURRENCY_LIMIT = option.table('ConcurrencyLimitOptions', {
  /** Names the limit to callers and to the operator. */
  name: limitName,
  /** How many requests of one key may be under way at once in this process. */
  limit: option.wholeBetween(1, 1_000_000),
  /** What is counted apart, as in `RateLimitOptions.by`. */
  by: limitKey,
  /** Whether callers are told how they stand, by the fields `RateLimit` and `RateLimit-Policy`. */
  responseFields: option.withDefault(option.flag, true),
});

export interface ConcurrencyLimitOptions extends option.Given<typeof CONCURRENCY_LIMIT> {}

/** For configurations, which have the limit as data. */
export const concurrencyLimitOptions: option.Table<
  option.Kept<typeof CONCURRENCY_LIMIT>,
  ConcurrencyLimitOptions
> = CONCURRENCY_LIMIT;

/** The wait that refused callers are told: nobody knows when a place becomes free, and most requests are short. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Limits how many requests of a caller may be under way at once in this process. Otherwise 429. A place is free again when
 * the answer was written or the client has gone. A guard, and a limit for `limits` of a chain where it counts by network,
 * operation or everybody.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const exports = concurrencyLimit({ name: 'exports', limit: 2, by: 'client' });
 * app.get('/orders', secure(exports), listOrders);
 */
export function concurrencyLimit(options: ConcurrencyLimitOptions): Limit {
  const { name, limit, by, responseFields } = CONCURRENCY_LIMIT(options);
  const policy = `"${name}";q=${limit};qu="concurrent-requests"`;
  const underWay = new Map<string, number>();

  function free(key: string): void {
    const left = (underWay.get(key) ?? 1) - 1;
    if (left > 0) underWay.set(key, left);
    else underWay.delete(key);
  }

  function check(principal: Principal, request: SecurityRequest): GuardVerdict {
    const key = by.of(principal, request);
    const known = SecurityRequest.countLimits(request).find(self, key);
    if (known !== undefined) return known as GuardVerdict;
    const before = underWay.get(key) ?? 0;
    const refused = before >= limit;
    const used = refused ? before : before + 1;
    if (!refused) {
      underWay.set(key, used);
      if (!SecurityRequest.onEnd(request, () => free(key))) {
        free(key);
        throw new MisuseError(`${self.name} needs an adapter that tells when an answer has ended (onEnd)`);
      }
    }
    const detail = `${name}: ${used} of ${limit} under way, counted by ${by.text}`;
    const verdict = refused ? limited({ retryAfterSeconds: RETRY_AFTER_SECONDS, detail }) : PERMITTED;
    const told = responseFields ? { policy, standing: `"${name}";r=${limit - used}` } : undefined;
    SecurityRequest.countLimits(request).note(self, key, verdict, told);
    request.trace?.noteLimit({ limit: name, by: by.text, used, most: limit, cost: 1, refused, isLocal: false });
    return verdict;
  }

  const self = newLimit(`concurrencyLimit(${name})`, by.isEarly, check);
  return self;
}
