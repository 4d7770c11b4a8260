import type { Verdict } from '../verdict/verdict.js';

/**
 * What a verdict rests on: the key that proved it, say. A remembered verdict asks it on every hit, so that nothing has to
 * be searched for when it falls. It answers at once and allocates nothing.
 */
export interface Basis {
  /**
   * Finds the same basis in another process that shares a store. It is no secret; a verdict is not shared where there is
   * none.
   */
  readonly name: string | undefined;
  /** False when a verdict that rests on it has to be found out anew. `nowMs` is on the monotonic clock. */
  stands(nowMs: number): boolean;
}

/** Finds by its name what a verdict of another process rests on, where this process has the same. */
export type BasisFinder = (name: string) => Basis | undefined;

/** What a lookup found out, with what it rests on. */
export class FoundedVerdict {
  readonly verdict: Verdict;
  readonly basis: Basis;

  constructor(verdict: Verdict, basis: Basis) {
    this.verdict = verdict;
    this.basis = basis;
  }
}
