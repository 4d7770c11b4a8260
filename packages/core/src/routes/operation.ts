import type { GuardLike } from '../guard/guard.js';
import type { Requirement } from '../requirement/requirement.js';

/** One operation of an API, and the security it needs. */
export interface Operation<Scopes extends string = string> {
  /** Names the operation in events: an OpenAPI `operationId`, or method and template. */
  readonly id: string;
  readonly method: string;
  /** Path template with its base path: `/pets/{petId}`. */
  readonly template: string;
  /** Default: the chain's own requirement. */
  readonly requirement?: Requirement | undefined;
  /** Run after the chain's own guards. */
  readonly guards?: readonly GuardLike<Scopes>[] | undefined;
  /** How old a remembered verdict may be, in seconds; 0: none is taken. Default: as the chain says. */
  readonly maxVerdictAgeSeconds?: number | undefined;
}

/** Operations that a chain can look up. `routes()` and `openApi()` make such tables. */
export interface OperationTable<Scopes extends string = string> {
  readonly operations: readonly Operation<Scopes>[];
  /** The operation that a router would choose for this method and path (percent-encoded, without query). */
  find(method: string, path: string): Operation | undefined;
  /**
   * Whether another router could choose another operation for this spelling of the path. Such a request is refused like
   * one without an operation, even if the chain has a requirement for other requests.
   */
  isAmbiguous?(method: string, path: string): boolean;
  /**
   * The other operations that match the path and that a router could run instead of `operation`. The request must
   * satisfy all of them.
   */
  rivals?(operation: Operation, path: string): readonly Operation[];
}

/** A template without the names of its parameters: `/pets/{id}` and `/pets/{petId}` are one path. */
export function unnamed(template: string): string {
  return template.replace(/\{[^}]*\}/g, '{}');
}
