const IS_NIGHTLY = process.env['SALLYPORT_NIGHTLY'] === '1';

/**
 * How many random cases a property gets. By default the seed is fixed, so that a run repeats; every night there are
 * twenty times as many cases from a free seed, which is reported with whatever fails.
 */
export function cases(count: number): { readonly numRuns: number; readonly seed?: number } {
  return IS_NIGHTLY ? { numRuns: count * 20 } : { numRuns: count, seed: 20_260_101 };
}
