import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { ConfigurationError } from '@sallyport/core';
import { recordSpans } from '@sallyport/core/opentelemetry';
import { deciding } from './deciding.js';

/** Carries the active context through promises, as every application with OpenTelemetry does. */
class AsyncContexts implements ContextManager {
  readonly #contexts = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#contexts.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#contexts.run(active, () => fn.apply(thisArg, args));
  }

  bind<T>(_active: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

let exporter: InMemorySpanExporter;
let provider: BasicTracerProvider;
let stop: () => void;

beforeEach(() => {
  exporter = new InMemorySpanExporter();
  provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  stop = recordSpans({ tracerProvider: provider });
});
afterEach(async () => {
  stop();
  context.disable();
  trace.disable();
  jest.restoreAllMocks();
  await provider.shutdown();
});

function span(name: string) {
  const found = exporter.getFinishedSpans().find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no span ${name}`);
  return found;
}

function milliseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1_000 + nanoseconds / 1e6;
}

describe('spans', () => {
  test('a decision is a span with semantic attributes and without the path', async () => {
    await deciding().ask('good', { target: '/pets/s3cret?key=s3cret' });
    expect(span('sallyport.decision').attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/pets/{petId}',
      'client.address': '192.0.2.1',
      'sallyport.chain': 'api',
      'sallyport.operation': 'readPet',
      'sallyport.outcome': 'granted',
      'sallyport.principal.kind': 'user',
      'sallyport.request_id': 'request-1',
    });
  });

  test('a handler that was asked is a span below it, with its verdict and cache state', async () => {
    await deciding().ask('token_expired');
    const [decision, verify] = [span('sallyport.decision'), span('sallyport.verify')];
    expect(verify.parentSpanContext?.spanId).toBe(decision.spanContext().spanId);
    expect(verify.attributes).toEqual({
      'sallyport.handler': 'obedient',
      'sallyport.verdict': 'denied',
      'sallyport.reason': 'token_expired',
      'sallyport.cache': 'miss',
      'sallyport.credential.fingerprint': expect.stringMatching(/^[0-9a-f]{8}$/),
    });
  });

  test('spans last as long as what they tell of, and end now', async () => {
    const before = Date.now();
    await deciding().ask('token_expired');
    for (const one of [span('sallyport.decision'), span('sallyport.verify')]) {
      expect(milliseconds(one.duration)).toBeCloseTo(500, 0);
      expect(Math.abs(milliseconds(one.endTime) - before)).toBeLessThan(5_000);
    }
  });

  test('the span that is active when the request is decided is the parent', async () => {
    context.setGlobalContextManager(new AsyncContexts());
    const request = provider.getTracer('test').startSpan('GET /pets/{petId}');
    await context.with(trace.setSpan(ROOT_CONTEXT, request), () => deciding().ask('good'));
    request.end();
    expect(span('sallyport.decision').parentSpanContext?.spanId).toBe(request.spanContext().spanId);
  });

  test.each([
    ['token_expired', SpanStatusCode.UNSET, undefined],
    ['outage', SpanStatusCode.ERROR, 'server_down'],
    ['bug', SpanStatusCode.ERROR, 'handler_threw'],
  ])('only our own failures are errors: %s', async (token, code, errorType) => {
    await deciding().ask(token);
    const { status, attributes } = span('sallyport.decision');
    expect(status).toEqual({ code });
    expect(attributes['error.type']).toBe(errorType);
  });

  test('a bug is an exception event without its message', async () => {
    await deciding().ask('bug');
    const [exception] = span('sallyport.decision').events;
    expect(exception).toMatchObject({ name: 'exception', attributes: { 'exception.type': 'RangeError' } });
    expect(String(exception?.attributes?.['exception.stacktrace'])).toMatch(/^RangeError\n {4}at .*verify/);
    expect(exception?.attributes).not.toHaveProperty('exception.message');
    expect(JSON.stringify(exception)).not.toContain('cannot read');
  });

  test('a method that nobody has heard of is _OTHER', async () => {
    await deciding().ask('good', { method: 'BREW' });
    expect(span('sallyport.decision').attributes['http.request.method']).toBe('_OTHER');
  });

  test('the globally registered provider is the default', async () => {
    stop();
    trace.setGlobalTracerProvider(provider);
    stop = recordSpans();
    await deciding().ask('good');
    expect(exporter.getFinishedSpans()).toHaveLength(2);
  });

  test('end with the subscription', async () => {
    stop();
    await deciding().ask('good');
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test('a tracer that throws changes no decision', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    stop();
    const { ask } = deciding();
    const before = [await ask('good'), await ask('token_expired')];
    const startSpan = () => {
      throw new Error('exporter broken');
    };
    const broken: TracerProvider = { getTracer: () => ({ startSpan, startActiveSpan: startSpan }) };
    stop = recordSpans({ tracerProvider: broken });
    expect([await ask('good'), await ask('token_expired')]).toEqual(before);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test.each([['{"tracerProvider":{}}'], ['{"tracer":1}']])('wrong options are refused: %s', (options) => {
    expect(() => recordSpans(JSON.parse(options))).toThrow(ConfigurationError);
  });
});
