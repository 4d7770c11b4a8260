import { context, type Span, SpanStatusCode, type TracerProvider, trace } from '@opentelemetry/api';
import * as option from '../../options/options.js';
import type { TraceFault, TraceStep } from '../../request/trace.js';
import { type DecisionEvent, recordedDecisions } from '../decision-events.js';
import { SCOPE, spanAttributes } from './attributes.js';

export const SPANS = option.table('SpanOptions', {
  /** Default: the globally registered provider. */
  tracerProvider: option.optional(option.having<TracerProvider>('getTracer')),
});

export interface SpanOptions extends option.Given<typeof SPANS> {}

/**
 * Makes a span `sallyport.decision` of every decision, as a child of the active span, and a span `sallyport.verify` of
 * every handler that was asked. Spans are made after the decision, so that no decision waits for them.
 * @returns a function that ends the recording
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const stop = recordSpans();
 */
export function recordSpans(options: SpanOptions = {}): () => void {
  const { tracerProvider } = SPANS(options);
  const tracer = (tracerProvider ?? trace).getTracer(SCOPE);
  return recordedDecisions.listen((event) => {
    const endTime = performance.timeOrigin + performance.now();
    const startTime = endTime - event.durationMs;
    const span = tracer.startSpan('sallyport.decision', { startTime, attributes: spanAttributes(event) });
    const parent = trace.setSpan(context.active(), span);
    for (const step of event.steps) {
      const stepStart = startTime + step.startedAfterMs;
      const attributes = stepAttributes(step);
      tracer
        .startSpan('sallyport.verify', { startTime: stepStart, attributes }, parent)
        .end(stepStart + step.durationMs);
    }
    if (event.fault !== undefined) addFault(span, event.fault, endTime);
    if (isFailure(event)) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endTime);
  });
}

/** Only 500 and above are errors of this service; a refused caller is none. */
function isFailure({ status }: DecisionEvent): boolean {
  return status !== undefined && status >= 500;
}

function stepAttributes({ handler, verdict, reason, cache, fingerprint }: TraceStep) {
  return {
    'sallyport.handler': handler,
    'sallyport.verdict': verdict,
    'sallyport.reason': reason,
    'sallyport.cache': cache,
    'sallyport.credential.fingerprint': fingerprint,
  };
}

/** An exception event. Its message holds no credential. */
function addFault(span: Span, { culprit, name, code, message, frames }: TraceFault, time: number): void {
  const attributes = {
    'exception.type': code ?? name,
    'exception.message': message,
    'exception.stacktrace': [name, ...frames].join('\n    '),
    'sallyport.culprit': culprit,
  };
  span.addEvent('exception', attributes, time);
}
