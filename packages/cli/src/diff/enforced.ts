import type { DeclaredScheme } from '../contract/compiled-contract.js';
import type { OperationNeeds, Way } from '../contract/needs.js';

/** What a document or a configuration file enforces, in a form that can be compared. */
export interface Enforced {
  readonly operations: readonly OperationNeeds[];
  /** What requests need that belong to no operation; undefined where these are refused. */
  readonly others: readonly Way[] | undefined;
  /** The guards of every request: their text by what stands in the file. */
  readonly guards: ReadonlyMap<string, string>;
  /** The security schemes of a document. A configuration file has handlers instead. */
  readonly schemes: ReadonlyMap<string, DeclaredScheme>;
  /** The handlers of a configuration file as data. */
  readonly handlers: Readonly<Record<string, unknown>>;
  /** Everything else in a configuration file as data. */
  readonly settings: object;
}
