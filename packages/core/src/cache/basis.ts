import type { Verdict } from '../verdict/verdict.js';

/**
 * What a verdict rests on, such as the key that proved it. A remembered verdict asks its basis on every hit, so a withdrawn
 * key needs no search through the cache. The answer is synchronous and allocates nothing.
 */
export interface Basis {
  /**
   * Finds the same basis in another process that shares a store. Not secret. A verdict whose basis has no name is not
   * shared.
   */
  readonly name: string | undefined;
  /** False when verdicts that rest on it have to be looked up again. `nowMs` is on the monotonic clock. */
  stands(nowMs: number): boolean;
}

/** Finds the basis of this process that has the name of another process's basis; undefined where there is none. */
export type BasisFinder = (name: string) => Basis | undefined;

/** The verdict of a lookup with its basis. */
export class FoundedVerdict {
  readonly verdict: Verdict;
  readonly basis: Basis;

  constructor(verdict: Verdict, basis: Basis) {
    this.verdict = verdict;
    this.basis = basis;
  }
}
