import { availableParallelism } from 'node:os';
import { between, type Clock, checkOptions, UpstreamError, withDefault } from '@sallyport/core';

export interface HashQueueOptions {
  /**
   * Passwords hashed at once, each on a thread of its own. 1 to 128; default: one less than there are processors,
   * at most 3, because Node's pool has 4 threads for files and names as well (UV_THREADPOOL_SIZE).
   */
  readonly maxConcurrent?: number | undefined;
  /** Logins that may wait for a thread; beyond that they get 503 at once. 0 to 10 000, default 64. */
  readonly maxWaiting?: number | undefined;
  /** How long a login may wait for a thread, in milliseconds, before it gets 503. 1 to 60 000, default 2 000. */
  readonly maxWaitMs?: number | undefined;
}

interface Waiting {
  readonly user: string;
  readonly since: number;
  start(): void;
  giveUp(): void;
}

const MAX_DEFAULT_THREADS = 3;

/** Limits how many passwords are hashed at once, and lets every user have only one of them. */
export class HashQueue {
  readonly #maxConcurrent: number;
  readonly #maxWaiting: number;
  readonly #maxWaitMs: number;
  readonly #clock: Clock;
  readonly #busy = new Set<string>();
  #waiting: Waiting[] = [];

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: HashQueueOptions, clock: Clock) {
    const processors = Math.max(1, Math.min(MAX_DEFAULT_THREADS, availableParallelism() - 1));
    const checked = checkOptions('HashQueueOptions', options, {
      maxConcurrent: withDefault(between(1, 128), processors),
      maxWaiting: withDefault(between(0, 10_000), 64),
      maxWaitMs: withDefault(between(1, 60_000), 2_000),
    });
    this.#maxConcurrent = Math.floor(checked.maxConcurrent);
    this.#maxWaiting = checked.maxWaiting;
    this.#maxWaitMs = checked.maxWaitMs;
    this.#clock = clock;
  }

  /**
   * Runs `task` as soon as a thread is free and nobody else hashes for this user.
   * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_OVERLOADED when too many wait already, or this one waited too long
   */
  async run<Value>(user: string, task: () => Promise<Value>): Promise<Value> {
    await this.#turn(user);
    try {
      return await task();
    } finally {
      this.#busy.delete(user);
      this.#startNext();
    }
  }

  async #turn(user: string): Promise<void> {
    if (this.#mayStart(user)) {
      this.#busy.add(user);
      return;
    }
    if (this.#waiting.length >= this.#maxWaiting) throw overloaded('Too many logins wait for a thread');
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => reject(overloaded('A login has waited too long for a thread'));
      this.#waiting.push({ user, since: this.#clock.monotonic(), start: resolve, giveUp });
    });
  }

  #mayStart(user: string): boolean {
    return this.#busy.size < this.#maxConcurrent && !this.#busy.has(user);
  }

  #startNext(): void {
    this.#dismissLate();
    const index = this.#waiting.findIndex(({ user }) => this.#mayStart(user));
    const [next] = index === -1 ? [] : this.#waiting.splice(index, 1);
    if (next === undefined) return;
    this.#busy.add(next.user);
    next.start();
  }

  /** Whoever waited that long has given up, or the chain has answered for us: hashing for them would help nobody. */
  #dismissLate(): void {
    const latestMs = this.#clock.monotonic() - this.#maxWaitMs;
    const late = this.#waiting.filter(({ since }) => since <= latestMs);
    if (late.length === 0) return;
    this.#waiting = this.#waiting.filter(({ since }) => since > latestMs);
    for (const { giveUp } of late) giveUp();
  }
}

function overloaded(message: string): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_OVERLOADED', message, { retryAfterSeconds: 1 });
}
