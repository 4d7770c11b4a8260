import type { Count, CounterStore } from './counter-store.js';

/**
 * The methods that are used of a limiter of rate-limiter-flexible, such as `RateLimiterRedis` or `RateLimiterValkey`.
 */
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
 * Counts in a store that several processes share, through a limiter of rate-limiter-flexible. The limiter's own
 * `points`, `duration` and `blockDuration` are not used: the caller decides on limits and windows.
 * @example
 * const limiter = new RateLimiterRedis({ storeClient: createClient(), keyPrefix: 'logins', points: 1, duration: 1 });
 * const counters = new RateLimiterCounterStore(limiter);
 * const users = new BasicHandler({ realm: 'orders', users: accounts }, { counterStore: counters });
 */
export class RateLimiterCounterStore implements CounterStore {
  readonly #limiter: RateLimiterLike;

  constructor(limiter: RateLimiterLike) {
    this.#limiter = limiter;
  }

  async get(key: string): Promise<Count | undefined> {
    const count = await this.#limiter.get(key);
    return count === null ? undefined : countOf(count);
  }

  async add(key: string, windowSeconds: number): Promise<Count> {
    return countOf(await this.#limiter.penalty(key, 1, { customDuration: windowSeconds }));
  }

  async reset(key: string): Promise<void> {
    await this.#limiter.delete(key);
  }
}

function countOf({ consumedPoints, msBeforeNext }: RateLimiterCount): Count {
  return { value: consumedPoints, endsInMs: msBeforeNext };
}
