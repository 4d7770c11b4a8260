/** Limits of the buckets, in milliseconds: from a cached decision to a slow authorization server. */
export const BOUNDARIES_MS: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.1, 0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000,
]);

/** How long something took, in fixed buckets: a snapshot. */
export interface DurationFigures {
  /** All durations together. */
  readonly sumMs: number;
  /** How many took at most as long as the boundary in the same place of `boundariesMs`; the last took longer than all. */
  readonly counts: readonly number[];
  /** The longest. */
  readonly maxMs: number;
  /** Half took at most this long: the limit of a bucket, or the longest if that is less. 0 where nothing was measured. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** A histogram with fixed buckets: its size does not depend on what it counts. */
export class Durations {
  readonly #counts = new Float64Array(BOUNDARIES_MS.length + 1);
  #sumMs = 0;
  #maxMs = 0;

  add(durationMs: number): void {
    const index = BOUNDARIES_MS.findIndex((boundary) => durationMs <= boundary);
    const bucket = index === -1 ? BOUNDARIES_MS.length : index;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sumMs += durationMs;
    this.#maxMs = Math.max(this.#maxMs, durationMs);
  }

  /** Adds all that another one has counted. */
  absorb(other: Durations): void {
    for (const [bucket, count] of other.#counts.entries())
      this.#counts[bucket] = (this.#counts[bucket] as number) + count;
    this.#sumMs += other.#sumMs;
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  get figures(): DurationFigures {
    return Object.freeze({
      sumMs: this.#sumMs,
      counts: Object.freeze([...this.#counts]),
      maxMs: this.#maxMs,
      p50Ms: this.#quantile(0.5),
      p95Ms: this.#quantile(0.95),
      p99Ms: this.#quantile(0.99),
    });
  }

  #quantile(part: number): number {
    const all = this.#counts.reduce((sum, count) => sum + count, 0);
    let below = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      below += count;
      if (count > 0 && below >= part * all) return Math.min(BOUNDARIES_MS[bucket] ?? this.#maxMs, this.#maxMs);
    }
    return 0;
  }
}
