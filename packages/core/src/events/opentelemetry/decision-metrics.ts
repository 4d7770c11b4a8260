import { type MeterProvider, metrics } from '@opentelemetry/api';
import * as option from '../../options/options.js';
import { recordedDecisions } from '../decision-events.js';
import { metricAttributes, SCOPE } from './attributes.js';
import { measuredCheck, observeState, revocationsCheck } from './state-metrics.js';

export const METRICS = option.table('MetricOptions', {
  /** Default: the globally registered provider. */
  meterProvider: option.optional(option.having<MeterProvider>('getMeter')),
  /** Chains and deciders whose handlers are measured: their caches, circuits and refused credentials. */
  chains: option.withDefault(option.listOf(measuredCheck), []),
  /** Revocations whose lag is measured; of several, the longest counts. */
  revocations: option.withDefault(option.listOf(revocationsCheck), []),
});

export interface MetricOptions extends option.Given<typeof METRICS> {}

/** Limits of the buckets, in seconds: from a cached decision to a slow authorization server. */
const BOUNDARIES = [
  0.000_005, 0.000_01, 0.000_025, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];

/**
 * Counts decisions in `sallyport.decisions`. Measures the time of decisions in `sallyport.decision.duration` and of
 * every handler that was asked in `sallyport.verify.duration`, in seconds. Of the `chains` and `revocations` given, it
 * measures caches, circuits, refused credentials and lag. A client cannot create new time series.
 * @returns a function that ends the recording
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const stop = recordMetrics();
 */
export function recordMetrics(options: MetricOptions = {}): () => void {
  const { meterProvider, chains, revocations } = METRICS(options);
  const meter = (meterProvider ?? metrics).getMeter(SCOPE);
  const duration = { unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES } };
  const decisions = meter.createCounter('sallyport.decisions', { unit: '{decision}', description: 'Decisions made' });
  const decisionDuration = meter.createHistogram('sallyport.decision.duration', duration);
  const verifyDuration = meter.createHistogram('sallyport.verify.duration', duration);
  const reasons = new BoundedValues();
  const stopObserving = observeState(meter, chains, revocations);
  const stopListening = recordedDecisions.listen((event) => {
    const attributes = metricAttributes({ ...event, reason: reasons.bounded(event.reason) });
    decisions.add(1, attributes);
    decisionDuration.record(event.durationMs / 1_000, attributes);
    for (const { handler, verdict, cache, durationMs } of event.steps) {
      verifyDuration.record(durationMs / 1_000, {
        'sallyport.handler': handler,
        'sallyport.verdict': verdict,
        'sallyport.cache': cache,
      });
    }
  });
  return () => {
    stopListening();
    stopObserving();
  };
}

const MAX_VALUES = 128;

/** Bounds the number of values of an attribute: handlers of others may invent reason codes while they run. */
class BoundedValues {
  readonly #known = new Set<string>();

  /** The value; `_OTHER` for every new value after the first 128. */
  bounded(value: string | undefined): string | undefined {
    if (value === undefined || this.#known.has(value)) return value;
    if (this.#known.size >= MAX_VALUES) return '_OTHER';
    this.#known.add(value);
    return value;
  }
}
