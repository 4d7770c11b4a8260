import type { CircuitState } from '@sallyport/core/extend';

/** What a client has done so far: a snapshot. */
export interface OutboundStatistics extends Readonly<OutboundCounters> {
  /**
   * `open` while calls are suspended after failures, `half_open` while single calls find out whether the server answers
   * anybody.
   */
  readonly circuit: CircuitState;
}

/** What a client counts as it goes. */
export class OutboundCounters {
  /** Calls asked for. */
  calls = 0;
  /** Second attempts, after a connection failed. */
  retries = 0;
  /** Calls that ended without a usable answer. */
  failures = 0;
  /** Those of them that were never sent: the circuit was open, or too many were waiting. */
  refused = 0;
}
