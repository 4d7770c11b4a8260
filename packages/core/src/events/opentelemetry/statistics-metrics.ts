import type { BatchObservableResult, Meter } from '@opentelemetry/api';
import type { CacheState } from '../../request/trace.js';
import { OTHER_VALUE } from '../statistics/bounded-values.js';
import type { ChainStatistics, ClientFigures, DividedFigures, NamedFigures } from '../statistics/chain-statistics.js';
import type { DecisionFigures } from '../statistics/decision-counts.js';

/** Whose statistics are measured: a chain, or a decider that has some. */
export interface Counting {
  readonly statistics?: ChainStatistics | undefined;
}

const RESULTS = ['granted', 'refused', 'limited', 'failed'] as const;

/**
 * Measures the statistics of chains by client and operation, whenever metrics are collected. Their number is bounded as the
 * rows of the statistics are.
 * @returns a function that ends it
 */
export function observeStatistics(meter: Meter, chains: readonly Counting[]): () => void {
  const instruments = {
    decisions: meter.createObservableCounter('sallyport.client.decisions', { unit: '{decision}' }),
    time: meter.createObservableCounter('sallyport.client.decision.time', { unit: 's' }),
    lookups: meter.createObservableCounter('sallyport.client.cache.lookups', { unit: '{lookup}' }),
    operationLookups: meter.createObservableCounter('sallyport.operation.cache.lookups', { unit: '{lookup}' }),
  };
  const observe = (result: BatchObservableResult) => {
    for (const { statistics } of chains) {
      if (statistics === undefined) continue;
      const { chain, clients, operations } = statistics;
      for (const [row, figures] of partsOf<ClientFigures>(clients)) {
        const { name, issuer } = row ?? {};
        const whose = { 'sallyport.chain': chain, 'sallyport.client': name, 'sallyport.client.issuer': issuer };
        for (const kind of RESULTS)
          result.observe(instruments.decisions, figures[kind], { ...whose, 'sallyport.result': kind });
        result.observe(instruments.time, figures.duration.sumMs / 1_000, whose);
        for (const [state, count] of lookupsOf(figures))
          result.observe(instruments.lookups, count, { ...whose, 'sallyport.cache': state });
      }
      for (const [row, figures] of partsOf(operations)) {
        const which = { 'sallyport.chain': chain, 'sallyport.operation': row?.name };
        for (const [state, count] of lookupsOf(figures))
          result.observe(instruments.operationLookups, count, { ...which, 'sallyport.cache': state });
      }
    }
  };
  meter.addBatchObservableCallback(observe, Object.values(instruments));
  return () => meter.removeBatchObservableCallback(observe, Object.values(instruments));
}

type Part<Row> = readonly [row: Partial<Row> | undefined, figures: DecisionFigures];

function partsOf<Row extends NamedFigures>({ rows, none, other }: DividedFigures<Row>): readonly Part<Row>[] {
  const named = rows.map((row): Part<Row> => [row, row]);
  return [...named, [undefined, none], [{ name: OTHER_VALUE } as Partial<Row>, other]];
}

/** The states that were seen: a series that is always 0 tells nothing. */
function lookupsOf({ cache }: DecisionFigures): readonly (readonly [CacheState, number])[] {
  return (Object.entries(cache) as [CacheState, number][]).filter(([, count]) => count > 0);
}
