export { type MetricOptions, recordMetrics } from './decision-metrics.js';
export { recordSpans, type SpanOptions } from './decision-spans.js';
