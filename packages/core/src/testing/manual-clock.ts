import type { Clock } from '../clock/clock.js';

interface Task {
  readonly atMs: number;
  readonly run: () => void;
}

/** 2027-01-15 08:00:00 UTC, in milliseconds since the epoch. */
const START_MS = 1_800_000_000_000;

/**
 * A clock whose time passes only when a test says so. Tasks that wait for a time run then.
 * @example
 * const clock = new ManualClock();
 * const chain = new SecurityChain({ requirement: jwt, deadlineMs: 1_000 }, { clock });
 * const deciding = chain.decide(buildRequest('GET /orders', { bearer: token }));
 * clock.pass(2); // seconds: a decision that still waits becomes 503
 */
export class ManualClock implements Clock {
  readonly #tasks = new Set<Task>();
  #nowMs: number;
  #monotonicMs = 5_000;

  /** @param nowMs the time at the start, in milliseconds since the epoch; default 2027-01-15 08:00:00 UTC */
  constructor(nowMs: number = START_MS) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const task = { atMs: this.#monotonicMs + delayMs, run };
    this.#tasks.add(task);
    return () => {
      this.#tasks.delete(task);
    };
  }

  /** The number of tasks that wait for their time: 0 after everything was closed. */
  get waiting(): number {
    return this.#tasks.size;
  }

  /** Lets time pass. Tasks that fall due run in order, each at its own time. */
  pass(seconds: number): void {
    const endMs = this.#monotonicMs + seconds * 1_000;
    for (let task = this.#next(endMs); task !== undefined; task = this.#next(endMs)) {
      this.#goTo(task.atMs);
      this.#tasks.delete(task);
      task.run();
    }
    this.#goTo(endMs);
  }

  /** Moves the wall clock by `seconds`, like a change of the machine's clock. No task falls due by it. */
  set(seconds: number): void {
    this.#nowMs += seconds * 1_000;
  }

  #next(endMs: number): Task | undefined {
    let earliest: Task | undefined;
    for (const task of this.#tasks) {
      if (task.atMs <= endMs && (earliest === undefined || task.atMs < earliest.atMs)) earliest = task;
    }
    return earliest;
  }

  #goTo(monotonicMs: number): void {
    const passedMs = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += passedMs;
    this.#nowMs += passedMs;
  }
}
