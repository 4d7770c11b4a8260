/** What a handler may tell of itself: a snapshot. `recordMetrics` of `@sallyport/core/opentelemetry` reads it. */
export interface HandlerStatistics {
  readonly cache?: Readonly<Record<CacheFigure, number>> | undefined;
  /** Whether calls to other servers are made or suspended: one entry for each circuit breaker. */
  readonly circuits?: readonly CircuitFigure[] | undefined;
  /** How often a server refused the handler's own credentials. */
  readonly credentialsRefused?: number | undefined;
}

/** `open` while calls are suspended after failures, `half_open` while single calls find out whether there are answers again. */
export type CircuitState = 'closed' | 'half_open' | 'open';

/** The state of one circuit breaker. */
export interface CircuitFigure {
  /** What is asked for, such as `keys`. */
  readonly calls: string;
  /** Who is asked, by a name of the configuration. Undefined where it was found at run time: these are counted together. */
  readonly server?: string | undefined;
  readonly state: CircuitState;
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
