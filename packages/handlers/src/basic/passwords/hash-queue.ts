import { availableParallelism } from 'node:os';
import { UpstreamError } from '@sallyport/core';
import { type Clock, option, runInTurn, Shares, type Standing } from '@sallyport/core/extend';

const HASH_QUEUE = option.table('HashQueueOptions', {
  /**
   * How many passwords are hashed at once, each on its own thread. Default: one less than the number of processors, but
   * at least 1 and at most 3. Node's pool has 4 threads, which files and host names need too (UV_THREADPOOL_SIZE).
   */
  maxConcurrent: option.optional(option.wholeBetween(1, 128)),
  /**
   * How many logins may wait for a thread. When there are more, the newest login of the network with the most logins
   * gets 503. Logins with a password that was right before are spared.
   */
  maxWaiting: option.withDefault(option.wholeBetween(0, 10_000), 64),
  /** How long a login may wait for a thread, in milliseconds, before it gets 503. */
  maxWaitMs: option.withDefault(option.between(1, 60_000), 2_000),
});

export interface HashQueueOptions extends option.Given<typeof HASH_QUEUE> {}

export interface HashQueueSettings extends option.Kept<typeof HASH_QUEUE> {}

export const hashQueueOptions: option.Table<HashQueueSettings, HashQueueOptions> = HASH_QUEUE;

/** A login that waits for a hash. */
export interface HashClient {
  readonly user: string;
  readonly address: string | undefined;
  readonly standing: Standing;
  /** Aborted when nobody waits for the result any more. */
  readonly abandoned?: AbortSignal | undefined;
}

const MAX_DEFAULT_THREADS = 3;
/**
 * How many logins of one user rank before strangers. Without it one account with many addresses could fill the queue.
 */
const MAX_KNOWN = 4;

/** Limits how many passwords are hashed at once. Each user has at most one of them, and each network its share. */
export class HashQueue {
  readonly #shares: Shares;
  readonly #maxWaitMs: number;
  readonly #clock: Clock;
  readonly #busy = new Set<string>();
  /** The number of `known` logins in the queue, by user. */
  readonly #known = new Map<string, number>();

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: HashQueueOptions, clock: Clock) {
    const { maxConcurrent = usualThreads(), maxWaiting, maxWaitMs } = hashQueueOptions(options);
    this.#shares = new Shares({ running: maxConcurrent, waiting: maxWaiting });
    this.#maxWaitMs = maxWaitMs;
    this.#clock = clock;
  }

  /**
   * Runs `task` as soon as a thread is free, it is the turn of this client, and no other hash of its user is under way.
   * A client that is abandoned while it waits gives up its place. A task that has begun goes on.
   * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_OVERLOADED when too many wait, or this one waited too long
   */
  async run<Value>(client: HashClient, task: () => Promise<Value>): Promise<Value> {
    if (client.standing !== 'known') return this.#runInTurn(client, task);
    const { user } = client;
    const known = this.#known.get(user) ?? 0;
    if (known >= MAX_KNOWN) return this.#runInTurn({ ...client, standing: 'stranger' }, task);
    this.#known.set(user, known + 1);
    try {
      return await this.#runInTurn(client, task);
    } finally {
      const left = (this.#known.get(user) ?? 0) - 1;
      if (left > 0) this.#known.set(user, left);
      else this.#known.delete(user);
    }
  }

  #runInTurn<Value>(client: HashClient, task: () => Promise<Value>): Promise<Value> {
    const { user } = client;
    const latestMs = this.#clock.monotonic() + this.#maxWaitMs;
    const turn = { ...client, isReady: () => !this.#busy.has(user) };
    return runInTurn(this.#shares, turn, async () => {
      // The turn came too late: the login gets 503, and no thread is spent on it.
      if (this.#clock.monotonic() >= latestMs) throw overdue();
      this.#busy.add(user);
      try {
        return await task();
      } finally {
        this.#busy.delete(user);
      }
    });
  }
}

function overdue(): UpstreamError {
  const message = 'a login has waited too long for a thread';
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_OVERLOADED', message, { retryAfterSeconds: 1 });
}

function usualThreads(): number {
  return Math.max(1, Math.min(MAX_DEFAULT_THREADS, availableParallelism() - 1));
}
