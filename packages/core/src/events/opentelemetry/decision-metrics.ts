import { type MeterProvider, metrics } from '@opentelemetry/api';
import * as option from '../../options/options.js';
import { recordedDecisions } from '../decision-events.js';
import { BoundedValues } from '../statistics/bounded-values.js';
import { BOUNDARIES_MS } from '../statistics/durations.js';
import { metricAttributes, SCOPE } from './attributes.js';
import { measuredCheck, observeState, revocationsCheck } from './state-metrics.js';
import { observeStatistics } from './statistics-metrics.js';

export const METRICS = option.table('MetricOptions', {
  /** Default: the globally registered provider. */
  meterProvider: option.optional(option.having<MeterProvider>('getMeter')),
  /**
   * Chains and deciders that are measured: the caches, circuits and refused credentials of their handlers, how many leases go on,
   * and their statistics.
   */
  chains: option.withDefault(option.listOf(measuredCheck), []),
  /** Revocations whose lag is measured; of several, the longest counts. */
  revocations: option.withDefault(option.listOf(revocationsCheck), []),
});

export interface MetricOptions extends option.Given<typeof METRICS> {}

/** Each has several time series. */
const MAX_OPERATIONS = 256;

/** From little used to used up. */
const USE = { unit: '1', advice: { explicitBucketBoundaries: [0.1, 0.25, 0.5, 0.75, 0.9, 1] } };

/**
 * Counts decisions in `sallyport.decisions`. Measures the time of decisions in `sallyport.decision.duration` and of
 * every handler that was asked in `sallyport.verify.duration`, in seconds. Counts what limits let pass and refused in
 * `sallyport.limit.requests`, and how much of them is used in `sallyport.limit.use`. Of the `chains` and `revocations` given, it
 * measures caches, circuits, refused credentials, leases and lag; of chains with `statistics`, their clients and operations. A client
 * cannot create new time series, beyond the rows of the statistics.
 * @returns a function that ends the recording
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const stop = recordMetrics();
 */
export function recordMetrics(options: MetricOptions = {}): () => void {
  const { meterProvider, chains, revocations } = METRICS(options);
  const meter = (meterProvider ?? metrics).getMeter(SCOPE);
  const duration = { unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES_MS.map((limit) => limit / 1_000) } };
  const decisions = meter.createCounter('sallyport.decisions', { unit: '{decision}', description: 'Decisions made' });
  const decisionDuration = meter.createHistogram('sallyport.decision.duration', duration);
  const verifyDuration = meter.createHistogram('sallyport.verify.duration', duration);
  const limitRequests = meter.createCounter('sallyport.limit.requests', { unit: '{request}' });
  const limitUse = meter.createHistogram('sallyport.limit.use', USE);
  const reasons = new BoundedValues();
  const operations = new BoundedValues(MAX_OPERATIONS);
  const stopObserving = observeState(meter, chains, revocations);
  const stopStatistics = observeStatistics(meter, chains);
  const stopListening = recordedDecisions.listen((event) => {
    const attributes = metricAttributes({
      ...event,
      reason: reasons.bounded(event.reason),
      operation: operations.bounded(event.operation),
    });
    decisions.add(1, attributes);
    decisionDuration.record(event.durationMs / 1_000, attributes);
    for (const { handler, verdict, cache, durationMs } of event.steps) {
      verifyDuration.record(durationMs / 1_000, {
        'sallyport.handler': handler,
        'sallyport.verdict': verdict,
        'sallyport.cache': cache,
      });
    }
    for (const { limit, used, most, refused, isLocal } of event.limits) {
      const which = { 'sallyport.chain': event.chain, 'sallyport.limit': limit };
      limitRequests.add(1, { ...which, 'sallyport.limit.refused': refused, 'sallyport.limit.local': isLocal });
      limitUse.record(used / most, which);
    }
  });
  return () => {
    stopListening();
    stopObserving();
    stopStatistics();
  };
}
