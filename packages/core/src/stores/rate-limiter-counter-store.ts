import type { Count, CounterStore } from './counter-store.js';

/**
 * The methods that are used of a limiter of rate-limiter-flexible, such as `RateLimiterRedis` or `RateLimiterValkey`.
 */
export interface RateLimiterLike {
  get(key: string): Promise<RateLimiterCount | null>;
  penalty(key: string, points: number, options: { customDuration: number }): Promise<RateLimiterCount>;
  reward(key: string, points: number, options: { customDuration: number }): Promise<RateLimiterCount>;
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

  /**
   * The limiter cannot add on a condition: what is too much is added and taken back. Meanwhile others see the higher count,
   * so that some may be refused too early, but nobody too late.
   */
  async add(
    key: string,
    windowSeconds: number,
    amount: number = 1,
    most: number = Number.POSITIVE_INFINITY,
  ): Promise<Count> {
    const duration = { customDuration: windowSeconds };
    const count = countOf(await this.#limiter.penalty(key, amount, duration));
    if (count.value > most) await this.#limiter.reward(key, amount, duration);
    return count;
  }

  async reset(key: string): Promise<void> {
    await this.#limiter.delete(key);
  }
}

function countOf({ consumedPoints, msBeforeNext }: RateLimiterCount): Count {
  return { value: consumedPoints, endsInMs: msBeforeNext };
}
