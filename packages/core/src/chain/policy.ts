import { ConfigurationError } from '../errors.js';
import { every } from '../guard/every.js';
import { type Guard, type GuardLike } from '../guard/guard.js';
import type { SecurityHandler } from '../handler/handler.js';
import type { SecurityRequest } from '../request/request.js';
import { type Candidate, distinctCandidates, RequirementPlan } from '../requirement/plan.js';
import type { Requirement } from '../requirement/requirement.js';
import type { Operation, OperationTable } from './operation.js';
import { canBe, RouteIndex } from './route-index.js';

/** What one operation, or every request, has to prove; compiled. */
export interface Policy {
  readonly operation: Operation | undefined;
  readonly plan: RequirementPlan;
  readonly guard: Guard | undefined;
}

/** All policies of a chain, and the choice of the one that a request falls under. */
export class PolicyTable {
  /** Every handler of every policy, each once. */
  readonly handlers: readonly SecurityHandler[];
  /** Every challenge of every policy: for refusals that come before a policy is chosen. */
  readonly candidates: readonly Candidate[];
  readonly #default: Policy | undefined;
  readonly #table: OperationTable | undefined;
  readonly #byOperation: ReadonlyMap<Operation, Policy>;
  readonly #byRoute = new RouteIndex<Policy>();

  /** @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_CLAIM_CONFLICT */
  constructor(
    owner: string,
    requirement: Requirement | undefined,
    guards: readonly GuardLike[],
    table: OperationTable | undefined,
  ) {
    this.#default = requirement && {
      operation: undefined,
      plan: new RequirementPlan(requirement),
      guard: guards.length === 0 ? undefined : every(...guards),
    };
    this.#table = table;
    const operations = table?.operations ?? [];
    this.#byOperation = new Map(operations.map((operation) => [operation, this.#compile(operation, guards)]));
    for (const [operation, policy] of this.#byOperation) this.#byRoute.add(operation, policy);
    const plans = [this.#default, ...this.#byOperation.values()].flatMap((policy) => policy?.plan ?? []);
    if (plans.length === 0) throw withoutRequirement(`chain ${owner}`);
    this.candidates = distinctCandidates(plans.flatMap((plan) => plan.candidates));
    this.handlers = distinctHandlers(plans.flatMap((plan) => plan.handlers));
  }

  /** The operation that the framework chose, else the one that the table finds, else the default. */
  find(request: SecurityRequest): Policy | undefined {
    if (this.#table === undefined) return this.#default;
    const { route } = request;
    const known = route && this.#byRoute.find(route);
    if (known !== undefined) return known;
    const { method, path } = request;
    if (this.#table.isAmbiguous?.(method, path)) return undefined;
    const operation = this.#table.find(method, path);
    // The framework chose a route that is none of the operations, for the path of one: they read it differently.
    if (route !== undefined && operation !== undefined && !canBe(route, operation)) return undefined;
    return operation === undefined ? this.#default : this.#byOperation.get(operation);
  }

  #compile(operation: Operation, chainGuards: readonly GuardLike[]): Policy {
    const guards = [...chainGuards, ...(operation.guards ?? [])];
    const plan = operation.requirement ? new RequirementPlan(operation.requirement) : this.#default?.plan;
    if (plan === undefined) throw withoutRequirement(`operation ${operation.id}`);
    return { operation, plan, guard: guards.length === 0 ? undefined : every(...guards) };
  }
}

/** One name means one instance in all of a chain: events and configuration refer to handlers by name. */
function distinctHandlers(handlers: readonly SecurityHandler[]): readonly SecurityHandler[] {
  const byName = new Map<string, SecurityHandler>();
  for (const handler of handlers) {
    const known = byName.get(handler.name) ?? handler;
    if (known !== handler) {
      throw new ConfigurationError(
        'ERR_SALLYPORT_REQUIREMENT_INVALID',
        `two handlers are called ${JSON.stringify(handler.name)}; give one of them another name`,
      );
    }
    byName.set(handler.name, handler);
  }
  return Object.freeze([...byName.values()]);
}

function withoutRequirement(owner: string): ConfigurationError {
  return new ConfigurationError(
    'ERR_SALLYPORT_REQUIREMENT_INVALID',
    `${owner} has no requirement; write anonymous() if it is meant to be open to everybody`,
  );
}
