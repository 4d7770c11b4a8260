import { metadataUrlOf } from '../decision/resource/protected-resource.js';
import { ConfigurationError } from '../errors/errors.js';
import { askGuard } from '../guard/ask-guard.js';
import { every } from '../guard/every.js';
import type { Guard, GuardLike } from '../guard/guard.js';
import { ownMember } from '../options/own-members.js';
import { SecurityRequest } from '../request/request.js';
import { allOf } from '../requirement/all-of.js';
import { RequirementPlan } from '../requirement/plan.js';
import type { Requirement } from '../requirement/requirement.js';
import type { Operation } from '../routes/operation.js';
import { guardsInTurn } from './lease/guards-in-turn.js';
import { type Told, toldOf } from './told.js';

/** The compiled requirement and guards of an operation, or of the requests that match none. */
export interface Policy extends Told {
  /** The policies of its chain. */
  readonly table: object;
  /** Those that the request has to satisfy; several where a router could run any of them. The first gives the name. */
  readonly operations: readonly Operation[];
  readonly requirement: Requirement;
  readonly plan: RequirementPlan;
  readonly guard: Guard | undefined;
  /** How old a remembered verdict may be. */
  readonly maxVerdictAgeSeconds: number | undefined;
  /** The address of the metadata of the resource, which challenges name. */
  readonly resourceMetadata: string | undefined;
  /** The policy that was asked for, where this one also holds what an earlier one of the same request wants. */
  readonly asked: Policy | undefined;
}

/** What the policies of one chain have in common. */
export interface PolicySettings {
  /** Applies to operations without one of their own. */
  readonly requirement: Requirement | undefined;
  /** Run before the guards of operations. */
  readonly guards: readonly GuardLike[];
  readonly maxBodyBytes: number;
  /** For all requests; operations may ask for less. */
  readonly maxVerdictAgeSeconds: number | undefined;
  readonly resource: { readonly identifier: string } | undefined;
}

/** Compiles the policies of one chain. Operations that share a requirement share its plan, and what is told of it. */
export class PolicyCompiler {
  readonly #table: object;
  readonly #settings: PolicySettings;
  readonly #guard: Guard | undefined;
  readonly #resourceMetadata: string | undefined;
  readonly #plans = new WeakMap<Requirement, RequirementPlan>();
  /** What is told where the guards are those of the chain alone. */
  readonly #told = new WeakMap<RequirementPlan, Told>();

  constructor(table: object, settings: PolicySettings) {
    const { guards, resource } = settings;
    this.#table = table;
    this.#settings = settings;
    this.#guard = guards.length === 0 ? undefined : every(...guards);
    this.#resourceMetadata = resource && metadataUrlOf(resource.identifier);
  }

  /**
   * The policy of a request that has to satisfy all of these operations; it has the name of the first.
   * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT
   */
  policyOf(...operations: readonly [Operation, ...Operation[]]): Policy {
    const requirements = operations.map((operation) => {
      const requirement = ownMember(operation, 'requirement') ?? this.#settings.requirement;
      if (requirement === undefined) throw withoutRequirement(`operation ${operation.id}`);
      return requirement;
    });
    return this.#policy(operations, requirements, this.#guardOf(operations));
  }

  /** The policy of requests that match no operation; undefined if they are refused. */
  get policyOfTheRest(): Policy | undefined {
    const { requirement } = this.#settings;
    return requirement && this.#policy(NONE, [requirement], this.#guard);
  }

  /**
   * The policy of a requirement that a route adds: it stands in the place of the chain's.
   * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT
   */
  policyOfRoute(requirement: Requirement): Policy {
    return this.#policy(NONE, [requirement], this.#guard);
  }

  /**
   * Guards read the path parameters of their operation: where there are several, those of the chain are asked for each. What is
   * permitted for one of them is not for another whose guards all abstain.
   */
  #guardOf(operations: readonly Operation[]): Guard | undefined {
    const guards = operations.flatMap((operation) => {
      const own = ownMember(operation, 'guards') ?? [];
      const guard = own.length === 0 ? this.#guard : every(...this.#settings.guards, ...own);
      if (guard === undefined) return [];
      return operations.length === 1 ? guard : atOperation(operation, guard);
    });
    return guardsInTurn(guards);
  }

  #policy(operations: readonly Operation[], requirements: readonly Requirement[], guard: Guard | undefined): Policy {
    const requirement = together(requirements);
    const plan = this.#planOf(requirement);
    const resourceMetadata = this.#resourceMetadata;
    const told = guard === this.#guard ? this.#toldOf(plan) : toldOf(plan, guard, resourceMetadata);
    const ages = operations.map((operation) => ownMember(operation, 'maxVerdictAgeSeconds'));
    const maxVerdictAgeSeconds = strictest(this.#settings.maxVerdictAgeSeconds, ...ages);
    const own = { table: this.#table, operations, requirement, plan, guard, maxVerdictAgeSeconds, resourceMetadata };
    return { ...own, asked: undefined, ...told };
  }

  #toldOf(plan: RequirementPlan): Told {
    const told = this.#told.get(plan) ?? toldOf(plan, this.#guard, this.#resourceMetadata);
    this.#told.set(plan, told);
    return told;
  }

  #planOf(requirement: Requirement): RequirementPlan {
    const plan = this.#plans.get(requirement) ?? new RequirementPlan(requirement, this.#settings.maxBodyBytes);
    this.#plans.set(requirement, plan);
    return plan;
  }
}

const NONE: readonly Operation[] = Object.freeze([]);

/** The least of the ages that are given. */
export function strictest(...ages: readonly (number | undefined)[]): number | undefined {
  const given = ages.filter((age) => age !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
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

/** A guard that reads the path parameters of this operation, where the request has to satisfy several. */
export function atOperation(operation: Operation, guard: Guard): Guard {
  return Object.freeze({
    name: guard.name,
    needs: guard.needs,
    check: (principal, request) => askGuard(guard, principal, SecurityRequest.locatedAt(request, operation)),
  } satisfies Guard);
}

/** A guard that a route adds: it has to permit each operation that the request has to satisfy. */
export function atEach(operations: readonly Operation[], guard: Guard): Guard {
  if (operations.length < 2) return guard;
  return guardsInTurn(operations.map((operation) => atOperation(operation, guard))) as Guard;
}
