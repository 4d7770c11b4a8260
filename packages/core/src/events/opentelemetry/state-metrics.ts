import type { Attributes, BatchObservableResult, Meter, ObservableResult } from '@opentelemetry/api';
import type { SecurityHandler } from '../../handler/handler.js';
import type { CacheFigure, CircuitFigure, CircuitState } from '../../handler/handler-statistics.js';
import * as option from '../../options/options.js';
import type { Counting } from './statistics-metrics.js';

/** Whose handlers and leases are measured: a chain, or a decider that has one. */
export interface Measured extends Counting {
  readonly name?: string | undefined;
  readonly handlers: readonly SecurityHandler[];
  readonly leases?: { readonly active: number } | undefined;
}

/** Where revocations of other instances come in. */
export interface MeasuredRevocations {
  readonly lagSeconds: number;
}

export const measuredCheck: option.Check<Measured> = (value, name) => {
  if (!Array.isArray((value as Partial<Measured> | null)?.handlers)) throw option.invalid(name, 'must be a chain');
  return value as Measured;
};

export const revocationsCheck: option.Check<MeasuredRevocations> = (value, name) => {
  const lag: unknown = (value as Partial<MeasuredRevocations> | null)?.lagSeconds;
  if (typeof lag !== 'number') throw option.invalid(name, 'must be Revocations');
  return value as MeasuredRevocations;
};

/** Where the answers of a cache came from, as in the steps of events. */
const LOOKUPS: Readonly<Record<string, CacheFigure>> = {
  hit: 'hits',
  negative_hit: 'negativeHits',
  miss: 'misses',
  joined: 'joined',
  shared_hit: 'sharedHits',
  stale: 'staleHits',
};

const STATES: readonly CircuitState[] = ['closed', 'half_open', 'open'];

/**
 * Measures what handlers, leases and revocations tell of themselves, whenever metrics are collected.
 * @returns a function that ends it
 */
export function observeState(
  meter: Meter,
  chains: readonly Measured[],
  revocations: readonly MeasuredRevocations[],
): () => void {
  const instruments = {
    lookups: meter.createObservableCounter('sallyport.cache.lookups', { unit: '{lookup}' }),
    evictions: meter.createObservableCounter('sallyport.cache.evictions', { unit: '{entry}' }),
    entries: meter.createObservableGauge('sallyport.cache.entries', { unit: '{entry}' }),
    circuit: meter.createObservableGauge('sallyport.circuit', { unit: '{circuit}' }),
    refused: meter.createObservableCounter('sallyport.credentials_refused', { unit: '{call}' }),
    leases: meter.createObservableGauge('sallyport.leases', { unit: '{lease}' }),
  };
  const lag = meter.createObservableGauge('sallyport.revocation.lag', { unit: 's' });
  const observe = (result: BatchObservableResult) => {
    for (const { handlers, leases, name } of chains) {
      if (leases !== undefined) result.observe(instruments.leases, leases.active, { 'sallyport.chain': name });
      for (const handler of handlers) {
        for (const [instrument, value, attributes] of figuresOf(handler)) {
          const whose = { 'sallyport.chain': name, 'sallyport.handler': handler.name };
          result.observe(instruments[instrument], value, { ...whose, ...attributes });
        }
      }
    }
  };
  const observeLag = (result: ObservableResult) => {
    if (revocations.length > 0) result.observe(Math.max(...revocations.map(({ lagSeconds }) => lagSeconds)));
  };
  meter.addBatchObservableCallback(observe, Object.values(instruments));
  lag.addCallback(observeLag);
  return () => {
    meter.removeBatchObservableCallback(observe, Object.values(instruments));
    lag.removeCallback(observeLag);
  };
}

type Figure = readonly [
  instrument: 'lookups' | 'evictions' | 'entries' | 'circuit' | 'refused',
  value: number,
  attributes?: Attributes,
];

function figuresOf({ statistics = {} }: SecurityHandler): readonly Figure[] {
  const { cache, circuits = [], credentialsRefused } = statistics;
  const figures: Figure[] = [];
  if (cache !== undefined) {
    for (const [state, figure] of Object.entries(LOOKUPS)) {
      figures.push(['lookups', cache[figure], { 'sallyport.cache': state }]);
    }
    figures.push(['evictions', cache.evictions + cache.negativeEvictions]);
    figures.push(['entries', cache.entries + cache.negativeEntries]);
  }
  figures.push(...circuitFigures(circuits));
  if (credentialsRefused !== undefined) figures.push(['refused', credentialsRefused]);
  return figures;
}

/** How many circuits of one server and purpose are in which state. */
function circuitFigures(circuits: readonly CircuitFigure[]): readonly Figure[] {
  const alike = new Map<string, CircuitFigure[]>();
  for (const circuit of circuits) {
    const key = JSON.stringify([circuit.calls, circuit.server]);
    const others = alike.get(key);
    if (others === undefined) alike.set(key, [circuit]);
    else others.push(circuit);
  }
  return [...alike.values()].flatMap((group) => {
    const [{ calls, server }] = group as [CircuitFigure];
    return STATES.map((state): Figure => {
      const attributes = { 'sallyport.calls': calls, 'sallyport.server': server, 'sallyport.circuit.state': state };
      return ['circuit', group.filter((circuit) => circuit.state === state).length, attributes];
    });
  });
}
