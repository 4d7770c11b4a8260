import type { DecisionFigures } from './decision-counts.js';

/** What a chain has decided since it was made: a frozen snapshot. Nothing in it is set back when it is read. */
export interface ChainStatistics {
  /** The name of the chain. */
  readonly chain: string;
  /** Since when is counted, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When this was read, in milliseconds since the epoch. */
  readonly untilMs: number;
  /** The limits of the buckets of every `duration`. */
  readonly boundariesMs: readonly number[];
  readonly total: DecisionFigures;
  /** By the id of the operation, or else by method and route. */
  readonly operations: DividedFigures<NamedFigures>;
  /** By the client of the principal: also of one that was proved and refused. */
  readonly clients: DividedFigures<ClientFigures>;
  /** By the reason of the decision. */
  readonly reasons: DividedFigures<NamedFigures>;
}

/** The decisions of a chain by one of their properties. All together, they are the `total`. */
export interface DividedFigures<Row extends NamedFigures> {
  /** In the order in which they first came. */
  readonly rows: readonly Row[];
  /** Of decisions that had no such property. */
  readonly none: DecisionFigures;
  /** Of all that have no row, because there are too many. */
  readonly other: DecisionFigures;
}

export interface NamedFigures extends DecisionFigures {
  readonly name: string;
}

export interface ClientFigures extends NamedFigures {
  /** Who knows the client by this name. */
  readonly issuer: string | undefined;
}
