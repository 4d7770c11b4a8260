import type { FailureCount, FailureStore } from './failure-store.js';

/** What is used of a limiter of rate-limiter-flexible: `RateLimiterRedis`, `RateLimiterValkey` and their siblings. */
export interface RateLimiterLike {
  get(key: string): Promise<RateLimiterCount | null>;
  penalty(key: string, points: number, options: { customDuration: number }): Promise<RateLimiterCount>;
  delete(key: string): Promise<boolean>;
}

export interface RateLimiterCount {
  readonly consumedPoints: number;
  readonly msBeforeNext: number;
}

/**
 * Counts failures in a store that several processes share, through a limiter of rate-limiter-flexible. The limiter's
 * own `points`, `duration` and `blockDuration` play no part: the budgets are the handler's.
 */
export class RateLimiterFailureStore implements FailureStore {
  readonly #limiter: RateLimiterLike;

  constructor(limiter: RateLimiterLike) {
    this.#limiter = limiter;
  }

  async get(key: string): Promise<FailureCount | undefined> {
    const count = await this.#limiter.get(key);
    return count === null ? undefined : failureCount(count);
  }

  async add(key: string, windowSeconds: number): Promise<FailureCount> {
    return failureCount(await this.#limiter.penalty(key, 1, { customDuration: windowSeconds }));
  }

  async reset(key: string): Promise<void> {
    await this.#limiter.delete(key);
  }
}

function failureCount({ consumedPoints, msBeforeNext }: RateLimiterCount): FailureCount {
  return { failures: consumedPoints, endsInMs: msBeforeNext };
}
