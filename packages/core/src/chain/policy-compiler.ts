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
  /** The chain that it belongs to. */
  readonly chain: object;
  readonly operation: Operation | undefined;
  readonly plan: RequirementPlan;
  readonly guard: Guard | undefined;
}

/** Compiles the policies of one chain. Operations that share a requirement share its plan. */
export class PolicyCompiler {
  readonly #chain: object;
  readonly #requirement: Requirement | undefined;
  readonly #guards: readonly GuardLike[];
  readonly #maxBodyBytes: number;
  readonly #plans = new Map<Requirement, RequirementPlan>();

  /** `requirement` applies to operations without one of their own; `guards` run before the guards of operations. */
  constructor(chain: object, requirement: Requirement | undefined, guards: readonly GuardLike[], maxBodyBytes: number) {
    this.#chain = chain;
    this.#requirement = requirement;
    this.#guards = guards;
    this.#maxBodyBytes = maxBodyBytes;
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

  #policy(
    operation: Operation | undefined,
    requirements: readonly Requirement[],
    guards: readonly GuardLike[],
  ): Policy {
    const all = [...this.#guards, ...guards];
    return {
      chain: this.#chain,
      operation,
      plan: this.#planOf([...new Set(requirements)]),
      guard: all.length === 0 ? undefined : every(...all),
    };
  }

  #planOf(requirements: readonly Requirement[]): RequirementPlan {
    const [first, ...others] = requirements as readonly [Requirement, ...Requirement[]];
    if (others.length > 0) return new RequirementPlan(allOf(first, ...others), this.#maxBodyBytes);
    const plan = this.#plans.get(first) ?? new RequirementPlan(first, this.#maxBodyBytes);
    this.#plans.set(first, plan);
    return plan;
  }
}

export function withoutRequirement(owner: string): ConfigurationError {
  return new ConfigurationError(
    'ERR_SALLYPORT_REQUIREMENT_INVALID',
    `${owner} has no requirement; write anonymous() if it is meant to be open to everybody`,
  );
}
