import type { LimitUse } from '../../request/limit-uses.js';

/** How a limit was used: a snapshot. */
export interface LimitFigures {
  /** How many requests it counted, the refused ones included. */
  readonly requests: number;
  /** How many of them were above it. */
  readonly refused: number;
  /** How many this process counted by itself, because the store of the limit gave no answer. */
  readonly local: number;
  /** What the requests cost that were not above it. */
  readonly cost: number;
  /** The highest part of it that somebody had used after such a request: 1 is all of it. */
  readonly highestUse: number;
}

/** Counts the use of one limit. */
export class LimitCounts {
  #requests = 0;
  #refused = 0;
  #local = 0;
  #cost = 0;
  #highestUse = 0;

  add({ used, most, cost, refused, isLocal }: LimitUse): void {
    this.#requests += 1;
    if (refused) this.#refused += 1;
    else this.#cost += cost;
    if (isLocal) this.#local += 1;
    this.#highestUse = Math.max(this.#highestUse, most > 0 ? Math.min(1, used / most) : 1);
  }

  /** Adds all that another one has counted. */
  absorb(other: LimitCounts): void {
    this.#requests += other.#requests;
    this.#refused += other.#refused;
    this.#local += other.#local;
    this.#cost += other.#cost;
    this.#highestUse = Math.max(this.#highestUse, other.#highestUse);
  }

  get figures(): LimitFigures {
    return Object.freeze({
      requests: this.#requests,
      refused: this.#refused,
      local: this.#local,
      cost: this.#cost,
      highestUse: this.#highestUse,
    });
  }
}
