import type { Clock } from '../clock/clock.js';

interface Task {
  readonly atMs: number;
  readonly run: () => void;
}

/** 2027-01-15 08:00:00 UTC, in milliseconds since the epoch. */
const START_MS = 1_800_000_000_000;

/** Time that passes only when a test says so, for what waits as well. */
export class ManualClock implements Clock {
  readonly #tasks = new Set<Task>();
  #nowMs: number;
  #monotonicMs = 5_000;

  /** @param nowMs where the clock stands first, in milliseconds since the epoch; default some day in January 2027 */
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

  /** How many tasks wait for their time: 0 after everything was closed. */
  get waiting(): number {
    return this.#tasks.size;
  }

  /** Lets time pass. What falls due runs in the order of its time, each at its own moment. */
  pass(seconds: number): void {
    const endMs = this.#monotonicMs + seconds * 1_000;
    for (let task = this.#next(endMs); task !== undefined; task = this.#next(endMs)) {
      this.#goTo(task.atMs);
      this.#tasks.delete(task);
      task.run();
    }
    this.#goTo(endMs);
  }

  /** Somebody sets the machine's clock by so much; nothing falls due by it. */
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
