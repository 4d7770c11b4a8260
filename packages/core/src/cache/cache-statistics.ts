/** What a cache has done so far and how full it is: a snapshot. */
export interface CacheStatistics extends Readonly<CacheCounters> {
  /** Good verdicts and refusals that were dropped because their space was full. */
  readonly evictions: number;
  readonly negativeEvictions: number;
  /** Values in the shared store that this deployment did not write. */
  readonly forged: number;
  /** Good verdicts in memory, and roughly how many bytes they take. */
  readonly entries: number;
  readonly bytes: number;
  /** Refusals in memory. */
  readonly negativeEntries: number;
  /** Lookups under way. */
  readonly flights: number;
}

/** What a cache counts as it goes. */
export class CacheCounters {
  /** Good verdicts answered from memory. */
  hits = 0;
  /** Refusals answered from memory. */
  negativeHits = 0;
  /** Lookups begun. */
  misses = 0;
  /** Callers who waited for a lookup that was under way. */
  joined = 0;
  /** Lookups that the shared store answered. */
  sharedHits = 0;
  /** Lookups that ended in an outage and were answered with a verdict past its lifetime. */
  staleHits = 0;
  /** Good verdicts that a revocation undid. */
  revoked = 0;
}
