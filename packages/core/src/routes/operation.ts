import type { GuardLike } from '../guard/guard.js';
import type { Requirement } from '../requirement/requirement.js';

/** One operation of an API: what a request to it has to prove. */
export interface Operation {
  /** Names the operation in events: an OpenAPI `operationId`, or method and template. */
  readonly id: string;
  readonly method: string;
  /** Path template with its base path: `/pets/{petId}`. */
  readonly template: string;
  /** Absent: the chain's own requirement. */
  readonly requirement?: Requirement | undefined;
  /** Run after the chain's own guards. */
  readonly guards?: readonly GuardLike[] | undefined;
}

/** Operations that a chain can look up: `routes()` and `contract()` make them. */
export interface OperationTable {
  readonly operations: readonly Operation[];
  /** The operation that a router would choose for this method and path (percent-encoded, without query). */
  find(method: string, path: string): Operation | undefined;
  /**
   * Whether another router could choose another operation for this spelling of the path. Such requests are refused as
   * if there were no operation, also where the chain has a requirement for the rest.
   */
  isAmbiguous?(method: string, path: string): boolean;
  /**
   * Operations that cover the same path, and that a router could run as well as the one that was found: what all of them
   * need is asked.
   */
  rivals?(operation: Operation, path: string): readonly Operation[];
}

/** A template without the names of its parameters: `/pets/{id}` and `/pets/{petId}` are one path. */
export function unnamed(template: string): string {
  return template.replace(/\{[^}]*\}/g, '{}');
}
