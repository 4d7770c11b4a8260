import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { anonymous, denied, guard, rateLimit, SecurityChain } from '@sallyport/core';
import { type AuditLogger, auditDecisions } from '@sallyport/core/audit';
import { challenge, SecurityRequest } from '@sallyport/core/extend';
import { recordMetrics, recordSpans } from '@sallyport/core/opentelemetry';
import { sourcesOf } from '../../repository/source-tree.js';
import { documentOf, type TableRow, tablesOf } from '../../support/markdown.js';
import { type Deciding, deciding, eventsOf } from './deciding.js';
import { counting } from './statistics/counting.js';

const [members = [], options = [], spans = [], metrics = [], kinds = []] = tablesOf(documentOf('docs/events.md'));

const KINDS: Partial<Record<DataPointType, string>> = {
  [DataPointType.SUM]: 'counter',
  [DataPointType.GAUGE]: 'gauge',
  [DataPointType.HISTOGRAM]: 'histogram',
};

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A chain whose handler tells everything that is measured. */
const MEASURED = new SecurityChain({
  requirement: {
    extract: () => undefined,
    verify: () => denied('no'),
    name: 'keys',
    challenges: [challenge('Key')],
    statistics: {
      cache: {
        hits: 1,
        negativeHits: 0,
        misses: 0,
        joined: 0,
        sharedHits: 0,
        staleHits: 0,
        evictions: 0,
        negativeEvictions: 0,
        entries: 0,
        negativeEntries: 0,
      },
      circuits: [{ calls: 'keys', server: 'https://as.example', state: 'closed' }],
      credentialsRefused: 0,
    },
  },
});

/** Decisions of every kind: granted, refused, failed, broken, refused by a route's guard. */
async function decideAll({ chain, ask }: Deciding): Promise<void> {
  for (const token of ['token_expired', 'outage', 'bug', undefined]) await ask(token);
  const granted = await ask('good', { headersFrom: 'parsed' });
  if (granted.kind !== 'granted') throw new Error('not granted');
  const request = new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [] });
  const limits = [rateLimit({ name: 'minute', limit: 10, windowSeconds: 60, by: 'everybody' })];
  await new SecurityChain({ name: 'limited', requirement: anonymous(), limits }).decide(request);
  await chain.authorize(
    granted,
    guard('owner', () => false),
    request,
  );
}

/** Every event of a channel of its own, as a line: who listens, where, its kind and its members. */
function eventsInTheCode(): readonly string[] {
  const sources = sourcesOf('packages').filter(({ text }) => text.includes('new EventChannel'));
  const names = new Map(
    sources.flatMap(({ text }) => [...text.matchAll(/(\w+_CHANNEL) = '([^']+)'/g)].map((each) => [each[1], each[2]])),
  );
  const constantIn = (text: string) => /\(([A-Z_]+_CHANNEL)[,)]/.exec(text)?.[1];
  return sources.flatMap(({ text }) => {
    const constant = constantIn(text);
    const door = sources.find(
      (each) => constantIn(each.text) === constant && /export (?:const|function) on/.test(each.text),
    );
    const listen = /export (?:const|function) (on\w+)\b/.exec(door?.text ?? '')?.[1];
    const channel = names.get(constant);
    return [...text.matchAll(/\{\s*readonly kind: ('\w+'(?: \| '\w+')*)([^}]*)\}/g)].flatMap(
      ([, kinds = '', rest = '']) =>
        [...kinds.matchAll(/'(\w+)'/g)].map(([, kind]) =>
          [listen, channel, kind, ...[...rest.matchAll(/readonly (\w+)/g)].map(([, member]) => member)].join(' '),
        ),
    );
  });
}

function codesIn(cell: string | undefined): Set<string> {
  return new Set([...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
}

function firstCode(row: TableRow, heading: string): string {
  return [...codesIn(row[heading])][0] ?? '';
}

/** Names of the attributes that have a value somewhere. */
function used(attributes: readonly object[]): Set<string> {
  return new Set(
    attributes.flatMap((one) => Object.entries(one).flatMap(([name, value]) => (value === undefined ? [] : name))),
  );
}

describe('docs/events.md and the code agree', () => {
  test('on the members of events, of steps, faults and principals', async () => {
    const events = await eventsOf(() => decideAll(deciding()));
    expect(members.map((row) => firstCode(row, 'Member'))).toEqual(Object.keys(events[0] ?? {}));
    const meaning = (member: string) => members.find((row) => firstCode(row, 'Member') === member)?.['Meaning'];
    expect(codesIn(meaning('steps'))).toEqual(used(events.flatMap(({ steps }) => steps)));
    expect(codesIn(meaning('limits'))).toEqual(used(events.flatMap(({ limits }) => limits)));
    expect(codesIn(meaning('principal'))).toEqual(used(events.flatMap(({ principal }) => principal ?? [])));
    expect(codesIn(meaning('fault'))).toEqual(new Set(Object.keys(events.find(({ fault }) => fault)?.fault ?? {})));
  });

  test.each(options.map((row) => [firstCode(row, 'Option'), firstCode(row, 'Default')]))(
    'on the audit level %s, by default %s',
    async (option, level) => {
      const lines = jest.fn();
      const logger = Object.fromEntries(
        ['trace', 'debug', 'info', 'warn', 'error'].map((name) => [name, () => lines(name)]),
      );
      const count = async (settings: object) => {
        stops.push(auditDecisions(logger as unknown as AuditLogger, settings));
        await decideAll(deciding());
        stops.pop()?.();
        return lines.mock.calls.splice(0).filter(([name]) => name === level).length;
      };
      expect(await count({})).toBeGreaterThan(0);
      expect(await count({ [option]: 'silent' })).toBe(0);
    },
  );

  test('on every other event: who hears it, its channel, kind and members', () => {
    const documented = kinds.map((row) =>
      [...['Function', 'Channel', '`kind`'].map((heading) => firstCode(row, heading)), ...codesIn(row['Members'])].join(
        ' ',
      ),
    );
    expect(documented.toSorted()).toEqual(eventsInTheCode().toSorted());
    expect(new Set(kinds.map((row) => firstCode(row, 'Function'))).size).toBeGreaterThanOrEqual(4);
  });

  test('on spans and their attributes', async () => {
    const exporter = new InMemorySpanExporter();
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    stops.push(recordSpans({ tracerProvider }));
    await decideAll(deciding());
    const finished = exporter.getFinishedSpans();
    expect(new Set(finished.map(({ name }) => name))).toEqual(new Set(spans.map((row) => firstCode(row, 'Span'))));
    for (const row of spans) {
      const same = finished.filter(({ name }) => name === firstCode(row, 'Span'));
      expect(used(same.map(({ attributes }) => attributes))).toEqual(codesIn(row['Attributes']));
    }
  });

  test('on metrics, their kinds, units and attributes', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const counted = counting();
    stops.push(recordMetrics({ meterProvider, chains: [MEASURED, counted.chain], revocations: [{ lagSeconds: 1 }] }));
    await decideAll(deciding());
    await counted.ask('shop');
    await meterProvider.forceFlush();
    const recorded = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    expect(recorded.map(({ descriptor }) => descriptor.name)).toEqual(metrics.map((row) => firstCode(row, 'Metric')));
    for (const [index, { descriptor, dataPointType, dataPoints }] of recorded.entries()) {
      const row = metrics[index] as TableRow;
      expect([KINDS[dataPointType], descriptor.unit]).toEqual([row['Kind'], firstCode(row, 'Unit')]);
      const expected = row['Attributes'] === 'the same' ? metrics[index - 1]?.['Attributes'] : row['Attributes'];
      expect(used(dataPoints.map(({ attributes }) => attributes))).toEqual(codesIn(expected));
    }
    await meterProvider.shutdown();
  });
});
