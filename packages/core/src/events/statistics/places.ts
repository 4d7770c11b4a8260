import { DecisionCounts } from './decision-counts.js';

/** A place is kept at least for this long after its last decision. */
const LEAST_KEPT_MS = 600_000;
/** How often it is looked, at most, whether places are free again. */
const SWEEP_EVERY_MS = 60_000;

interface Place {
  readonly counts: DecisionCounts;
  readonly firstMs: number;
  lastMs: number;
}

/**
 * Counts by names that callers may choose, in a bounded number of places. When all are taken, a new name counts among the
 * others, so a flood of names takes no place from those that are there. A name keeps its place after its last decision for
 * as long as it was seen before, and for ten minutes at least: those seen longest stay, and a flood passes.
 */
export class Places {
  readonly #most: number;
  readonly #places = new Map<string, Place>();
  readonly #others = new DecisionCounts();
  #sweptMs = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
  }

  /** What counts for this name at this time, in milliseconds that never go back. */
  of(name: string, nowMs: number): DecisionCounts {
    const known = this.#places.get(name);
    if (known !== undefined) {
      known.lastMs = nowMs;
      return known.counts;
    }
    if (this.#places.size >= this.#most) this.#sweep(nowMs);
    if (this.#places.size >= this.#most) return this.#others;
    const counts = new DecisionCounts();
    this.#places.set(name, { counts, firstMs: nowMs, lastMs: nowMs });
    return counts;
  }

  get entries(): readonly (readonly [name: string, counts: DecisionCounts])[] {
    return [...this.#places].map(([name, { counts }]) => [name, counts] as const);
  }

  /** The names without a place, also those that had one. */
  get others(): DecisionCounts {
    return this.#others;
  }

  /** Takes the places of names that were seen for less time than they are gone. What they counted stays among the others. */
  #sweep(nowMs: number): void {
    if (nowMs < this.#sweptMs + SWEEP_EVERY_MS) return;
    this.#sweptMs = nowMs;
    for (const [name, { counts, firstMs, lastMs }] of this.#places) {
      if (nowMs - lastMs <= Math.max(LEAST_KEPT_MS, lastMs - firstMs)) continue;
      this.#others.absorb(counts);
      this.#places.delete(name);
    }
  }
}
