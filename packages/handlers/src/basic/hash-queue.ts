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
  giveUp(why: string): void;
}

const MAX_DEFAULT_THREADS = 3;
const ABANDONED = 'Nobody waits for this login any more';

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
   * Runs `task` as soon as a thread is free and nobody else hashes for this user. Once `abandoned`, it gives its place
   * up; a task that has begun goes on.
   * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_OVERLOADED when too many wait already, or this one waited too long
   */
  async run<Value>(user: string, task: () => Promise<Value>, abandoned?: AbortSignal): Promise<Value> {
    await this.#turn(user, abandoned);
    try {
      return await task();
    } finally {
      this.#busy.delete(user);
      this.#startNext();
    }
  }

  async #turn(user: string, abandoned: AbortSignal | undefined): Promise<void> {
    if (abandoned?.aborted) throw overloaded(ABANDONED);
    if (this.#mayStart(user)) {
      this.#busy.add(user);
      return;
    }
    if (this.#waiting.length >= this.#maxWaiting) throw overloaded('Too many logins wait for a thread');
    await new Promise<void>((resolve, reject) => {
      const giveUp = (why: string) => reject(overloaded(why));
      const waiting = { user, since: this.#clock.monotonic(), start: resolve, giveUp };
      this.#waiting.push(waiting);
      abandoned?.addEventListener('abort', () => this.#dismiss((other) => other === waiting, ABANDONED));
    });
  }

  #mayStart(user: string): boolean {
    return this.#busy.size < this.#maxConcurrent && !this.#busy.has(user);
  }

  #startNext(): void {
    // Whoever waited that long has its answer from the chain: hashing for it would help nobody.
    const latestMs = this.#clock.monotonic() - this.#maxWaitMs;
    this.#dismiss(({ since }) => since <= latestMs, 'A login has waited too long for a thread');
    const index = this.#waiting.findIndex(({ user }) => this.#mayStart(user));
    const [next] = index === -1 ? [] : this.#waiting.splice(index, 1);
    if (next === undefined) return;
    this.#busy.add(next.user);
    next.start();
  }

  #dismiss(isOver: (waiting: Waiting) => boolean, why: string): void {
    const over = this.#waiting.filter(isOver);
    if (over.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !over.includes(waiting));
    for (const { giveUp } of over) giveUp(why);
  }
}

function overloaded(message: string): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_OVERLOADED', message, { retryAfterSeconds: 1 });
}
