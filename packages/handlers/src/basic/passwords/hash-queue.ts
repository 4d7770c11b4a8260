import { availableParallelism } from 'node:os';
import { UpstreamError } from '@sallyport/core';
import { type Clock, option, runInTurn, Shares, type Standing } from '@sallyport/core/extend';

export interface HashQueueOptions {
  /**
   * Passwords hashed at once, each on a thread of its own. 1 to 128; default: one less than there are processors,
   * at most 3, because Node's pool has 4 threads for files and names as well (UV_THREADPOOL_SIZE).
   */
  readonly maxConcurrent?: number | undefined;
  /**
   * Logins that may wait for a thread. Beyond that, the newest one of the network that has most of them gets 503, and
   * none whose password was right before. 0 to 10 000, default 64.
   */
  readonly maxWaiting?: number | undefined;
  /** How long a login may wait for a thread, in milliseconds, before it gets 503. 1 to 60 000, default 2 000. */
  readonly maxWaitMs?: number | undefined;
}

/** Who waits for a hash. */
export interface HashClient {
  readonly user: string;
  readonly address: string | undefined;
  readonly standing: Standing;
  /** Once aborted, nobody waits any more. */
  readonly abandoned?: AbortSignal | undefined;
}

const MAX_DEFAULT_THREADS = 3;
/** So many logins of one user have a better right than strangers, lest one account with many addresses fill the queue. */
const MAX_KNOWN = 4;

/** Limits how many passwords are hashed at once, lets every user have only one of them, and every network its share. */
export class HashQueue {
  readonly #shares: Shares;
  readonly #maxWaitMs: number;
  readonly #clock: Clock;
  readonly #busy = new Set<string>();
  /** Logins in the queue that are known, by user. */
  readonly #known = new Map<string, number>();

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: HashQueueOptions, clock: Clock) {
    const processors = Math.max(1, Math.min(MAX_DEFAULT_THREADS, availableParallelism() - 1));
    const checked = option.check('HashQueueOptions', options, {
      maxConcurrent: option.withDefault(option.between(1, 128), processors),
      maxWaiting: option.withDefault(option.between(0, 10_000), 64),
      maxWaitMs: option.withDefault(option.between(1, 60_000), 2_000),
    });
    this.#shares = new Shares({ running: Math.floor(checked.maxConcurrent), waiting: Math.floor(checked.maxWaiting) });
    this.#maxWaitMs = checked.maxWaitMs;
    this.#clock = clock;
  }

  /**
   * Runs `task` as soon as a thread is free, it is the turn of this client, and nobody else hashes for its user. Once
   * abandoned, it gives its place up; a task that has begun goes on.
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
      // Whoever waited that long has its answer from the chain: hashing for it would help nobody.
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
