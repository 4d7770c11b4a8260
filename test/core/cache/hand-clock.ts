import { ManualClock } from './cache-fixture.js';

interface Task {
  readonly atMs: number;
  readonly run: () => void;
}

/** Time that passes only when a test says so, for what waits as well. */
export class HandClock extends ManualClock {
  readonly #tasks = new Set<Task>();

  override schedule(delayMs?: number, run?: () => void): () => void {
    const task = { atMs: this.monotonic() + (delayMs ?? 0), run: run ?? (() => {}) };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  get waiting(): number {
    return this.#tasks.size;
  }

  override pass(seconds: number): void {
    super.pass(seconds);
    for (const task of [...this.#tasks]) {
      if (task.atMs > this.monotonic()) continue;
      this.#tasks.delete(task);
      task.run();
    }
  }
}
