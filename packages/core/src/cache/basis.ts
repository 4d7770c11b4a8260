import { keepSpecimen } from '../brand/specimen.js';
import type { Verdict } from '../verdict/verdict.js';

/**
 * What a verdict rests on, such as the key that verified a token. Every cache hit asks the basis of its verdict. So when a
 * key is withdrawn, nobody has to search the cache.
 */
export interface Basis {
  /**
   * Names the basis in other processes that share a store. Not secret. Without a name, its verdicts are not shared.
   */
  readonly name: string | undefined;
  /**
   * False if its verdicts have to be looked up again. `nowMs` is on the monotonic clock. Must allocate nothing: every
   * cache hit calls it.
   */
  stands(nowMs: number): boolean;
  /** Another credential whose revocation ends it, by its name among the revocations (`Revocations.nameOf`). */
  readonly revocable?: string | undefined;
}

/** Finds a basis of this process by the name that another process gave it. */
export type BasisFinder = (name: string) => Basis | undefined;

/** The verdict of a lookup with its basis. */
export class FoundedVerdict {
  static {
    keepSpecimen(new this({} as Verdict, {} as Basis));
  }

  readonly verdict: Verdict;
  readonly basis: Basis;

  constructor(verdict: Verdict, basis: Basis) {
    this.verdict = verdict;
    this.basis = basis;
  }
}
