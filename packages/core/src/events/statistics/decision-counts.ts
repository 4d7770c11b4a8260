import type { LimitUse } from '../../request/limit-uses.js';
import type { CacheState } from '../../request/trace.js';
import type { DecisionEvent } from '../decision-events.js';
import { type DurationFigures, Durations } from './durations.js';
import { LimitCounts, type LimitFigures } from './limit-counts.js';

/** What was decided, how often and how fast: a snapshot. */
export interface DecisionFigures {
  /** All of the four below together. */
  readonly decisions: number;
  readonly granted: number;
  /** With a status of 400 to 499, except 429. */
  readonly refused: number;
  /** With 429. */
  readonly limited: number;
  /** With a status of 500 or more. */
  readonly failed: number;
  /** How many had each reason. Those that were granted for no special reason are not among them. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Where the answers about credentials came from. A decision may need several, or none. */
  readonly cache: Readonly<Record<CacheState, number>>;
  readonly duration: DurationFigures;
  /** The limits that counted these decisions, by their names. */
  readonly limits: Readonly<Record<string, LimitFigures>>;
}

const NO_LOOKUPS: Readonly<Record<CacheState, number>> = {
  hit: 0,
  negative_hit: 0,
  miss: 0,
  joined: 0,
  stale: 0,
  shared_hit: 0,
};

/** Counts decisions. Its size depends on the number of reasons and limits only, which the caller bounds. */
export class DecisionCounts {
  readonly #durations = new Durations();
  readonly #reasons = new Map<string, number>();
  readonly #limits = new Map<string, LimitCounts>();
  readonly #cache: Record<CacheState, number> = { ...NO_LOOKUPS };
  #granted = 0;
  #refused = 0;
  #limited = 0;
  #failed = 0;

  /** `reason` and `limits` are those of the event, with what stands for their names where there are too many. */
  add({ status, steps, durationMs }: DecisionEvent, reason: string | undefined, limits: readonly LimitUse[]): void {
    if (status === undefined) this.#granted += 1;
    else if (status === 429) this.#limited += 1;
    else if (status < 500) this.#refused += 1;
    else this.#failed += 1;
    if (reason !== undefined) this.#addReason(reason, 1);
    for (const { cache } of steps) if (cache !== undefined) this.#cache[cache] += 1;
    this.#durations.add(durationMs);
    for (const use of limits) this.#limitNamed(use.limit).add(use);
  }

  /** Adds all that another one has counted. */
  absorb(other: DecisionCounts): void {
    this.#granted += other.#granted;
    this.#refused += other.#refused;
    this.#limited += other.#limited;
    this.#failed += other.#failed;
    for (const [reason, count] of other.#reasons) this.#addReason(reason, count);
    for (const state of Object.keys(NO_LOOKUPS) as CacheState[]) this.#cache[state] += other.#cache[state];
    this.#durations.absorb(other.#durations);
    for (const [name, counts] of other.#limits) this.#limitNamed(name).absorb(counts);
  }

  get figures(): DecisionFigures {
    return Object.freeze({
      decisions: this.#granted + this.#refused + this.#limited + this.#failed,
      granted: this.#granted,
      refused: this.#refused,
      limited: this.#limited,
      failed: this.#failed,
      reasons: Object.freeze(Object.fromEntries(this.#reasons)),
      cache: Object.freeze({ ...this.#cache }),
      duration: this.#durations.figures,
      limits: Object.freeze(Object.fromEntries([...this.#limits].map(([name, { figures }]) => [name, figures]))),
    });
  }

  #limitNamed(name: string): LimitCounts {
    const known = this.#limits.get(name) ?? new LimitCounts();
    this.#limits.set(name, known);
    return known;
  }

  #addReason(reason: string, count: number): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + count);
  }
}
