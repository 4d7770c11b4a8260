import { ConfigurationError } from '../errors/errors.js';
import { every } from '../guard/every.js';
import type { Guard, GuardLike } from '../guard/guard.js';
import { ownMember } from '../options/own-members.js';
import { allOf } from '../requirement/all-of.js';
import { RequirementPlan } from '../requirement/plan.js';
import type { Requirement } from '../requirement/requirement.js';
import type { Operation } from '../routes/operation.js';

/** The compiled requirement and guards of an operation, or of the requests that match none. */
export interface Policy {
  /** The policies of its chain. */
  readonly table: object;
  readonly operation: Operation | undefined;
  readonly requirement: Requirement;
  readonly plan: RequirementPlan;
  readonly guard: Guard | undefined;
  /** The policy that was asked for, where this one also holds what an earlier one of the same request wants. */
  readonly asked: Policy | undefined;
}

/** Compiles the policies of one chain. Operations that share a requirement share its plan. */
export class PolicyCompiler {
  readonly #table: object;
  readonly #requirement: Requirement | undefined;
  readonly #guards: readonly GuardLike[];
  readonly #guard: Guard | undefined;
  readonly #maxBodyBytes: number;
  readonly #plans = new Map<Requirement, RequirementPlan>();

  /** `requirement` applies to operations without one of their own; `guards` run before the guards of operations. */
  constructor(table: object, requirement: Requirement | undefined, guards: readonly GuardLike[], maxBodyBytes: number) {
    this.#table = table;
    this.#requirement = requirement;
    this.#guards = guards;
    this.#maxBodyBytes = maxBodyBytes;
    this.#guard = guards.length === 0 ? undefined : every(...guards);
  }

  /**
   * The policy of a request that has to satisfy all of these operations; it has the name of the first.
   * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT
   */
  policyOf(...operations: readonly [Operation, ...Operation[]]): Policy {
    const requirements = operations.map((operation) => {
      const requirement = ownMember(operation, 'requirement') ?? this.#requirement;
      if (requirement === undefined) throw withoutRequirement(`operation ${operation.id}`);
      return requirement;
    });
    return this.#policy(
      operations[0],
      requirements,
      operations.flatMap((operation) => ownMember(operation, 'guards') ?? []),
    );
  }

  /** The policy of requests that match no operation; undefined if they are refused. */
  get policyOfTheRest(): Policy | undefined {
    return this.#requirement && this.#policy(undefined, [this.#requirement], []);
  }

  /**
   * The policy of a requirement that a route adds: it stands in the place of the chain's.
   * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT
   */
  policyOfRoute(requirement: Requirement): Policy {
    return this.#policy(undefined, [requirement], []);
  }

  #policy(
    operation: Operation | undefined,
    requirements: readonly Requirement[],
    guards: readonly GuardLike[],
  ): Policy {
    const requirement = together(requirements);
    return {
      table: this.#table,
      operation,
      requirement,
      plan: this.#planOf(requirement),
      guard: guards.length === 0 ? this.#guard : every(...this.#guards, ...guards),
      asked: undefined,
    };
  }

  #planOf(requirement: Requirement): RequirementPlan {
    const plan = this.#plans.get(requirement) ?? new RequirementPlan(requirement, this.#maxBodyBytes);
    this.#plans.set(requirement, plan);
    return plan;
  }
}

/** All of them; one that occurs twice is asked once. */
export function together(requirements: readonly Requirement[]): Requirement {
  const [first, ...others] = new Set(requirements) as unknown as readonly [Requirement, ...Requirement[]];
  return others.length === 0 ? first : allOf(first, ...others);
}

export function withoutRequirement(owner: string): ConfigurationError {
  return new ConfigurationError(
    'ERR_SALLYPORT_REQUIREMENT_INVALID',
    `${owner} has no requirement; write anonymous() if it is meant to be open to everybody`,
  );
}
