/** What a handler may tell of itself: a snapshot. `recordMetrics` of `@sallyport/core/opentelemetry` reads it. */
export interface HandlerStatistics {
  readonly cache?: Readonly<Record<CacheFigure, number>> | undefined;
  /** Calls to a server. */
  readonly outbound?: { readonly circuit: 'closed' | 'open' | 'half_open' } | undefined;
  /** How often a server refused the handler's own credentials. */
  readonly credentialsRefused?: number | undefined;
}

/** The figures of `CacheStatistics` that are measured. */
export type CacheFigure =
  | 'hits'
  | 'negativeHits'
  | 'misses'
  | 'joined'
  | 'sharedHits'
  | 'staleHits'
  | 'evictions'
  | 'negativeEvictions'
  | 'entries'
  | 'negativeEntries';
