import {
  DataPointType,
  type Histogram,
  MeterProvider,
  type MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import { recordMetrics } from '@sallyport/core/opentelemetry';

/** The content type that Prometheus asks for. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Reads the metrics on demand only, without a timer. */
class ReaderOnDemand extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

/** The metrics of all decisions of this process (docs/events.md). */
export class Metrics {
  readonly #reader = new ReaderOnDemand();
  readonly #provider = new MeterProvider({ readers: [this.#reader] });
  readonly #stop = recordMetrics({ meterProvider: this.#provider });

  /** The metrics in the text format of Prometheus. */
  async text(): Promise<string> {
    const { resourceMetrics } = await this.#reader.collect();
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    return all.flatMap(linesOf).join('');
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#provider.shutdown();
  }
}

function linesOf(metric: MetricData): readonly string[] {
  const { name, unit } = metric.descriptor;
  const base = worded(name) + (unit === 's' ? '_seconds' : '');
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    const points = metric.dataPoints.flatMap(({ attributes, value }) => histogramLines(base, attributes, value));
    return [`# TYPE ${base} histogram\n`, ...points];
  }
  if (metric.dataPointType !== DataPointType.SUM) return [];
  const points = metric.dataPoints.map(({ attributes, value }) => `${base}_total${labels(attributes)} ${value}\n`);
  return [`# TYPE ${base}_total counter\n`, ...points];
}

function histogramLines(base: string, attributes: object, { buckets, sum = 0, count }: Histogram): readonly string[] {
  let below = 0;
  const lines = [...buckets.boundaries, '+Inf'].map((le, index) => {
    below += buckets.counts[index] ?? 0;
    return `${base}_bucket${labels({ ...attributes, le })} ${below}\n`;
  });
  return [...lines, `${base}_sum${labels(attributes)} ${sum}\n`, `${base}_count${labels(attributes)} ${count}\n`];
}

function labels(attributes: object): string {
  const pairs = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : `${worded(name)}=${JSON.stringify(String(value))}`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function worded(name: string): string {
  return name.replace(/\W/g, '_');
}
