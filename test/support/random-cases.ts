import { isNightly } from './nightly.js';

/**
 * How many random cases a property gets. By day the seed is fixed, so that a run repeats. Every night there are more
 * cases, twenty times as many by default, from a free seed, which is reported with whatever fails.
 */
export function cases(count: number, nightly = count * 20): { readonly numRuns: number; readonly seed?: number } {
  return isNightly ? { numRuns: nightly } : { numRuns: count, seed: 20_260_101 };
}
