import type { Guard } from '../guard/guard.js';
import { RequirementPlan } from '../requirement/plan.js';
import { handlersOf, type Requirement } from '../requirement/requirement.js';
import { type Policy, strictest, together } from './policy-compiler.js';
import { type Told, toldOf } from './told.js';

/** Makes the policy of two that a request has to satisfy. */
type Joining = (one: Policy, other: Policy) => Policy;

/** Policies of two policies of one chain. Each is compiled with the first request that has to satisfy both. */
export class PolicyPairs {
  readonly #join: Joining;
  readonly #known = new WeakMap<Policy, WeakMap<Policy, Policy | Error>>();

  constructor(join: Joining) {
    this.#join = join;
  }

  /** @throws {ConfigurationError} ERR_SALLYPORT_SOURCE_CONFLICT if two handlers take the same credentials */
  of(one: Policy, other: Policy): Policy {
    const known = this.#known.get(one)?.get(other) ?? this.#learn(one, other);
    if (known instanceof Error) throw known;
    return known;
  }

  #learn(one: Policy, other: Policy): Policy | Error {
    const joined = this.#joined(one, other);
    const pairs = this.#known.get(one) ?? new WeakMap();
    this.#known.set(one, pairs.set(other, joined));
    return joined;
  }

  #joined(one: Policy, other: Policy): Policy | Error {
    try {
      return this.#join(one, other);
    } catch (error) {
      return error as Error;
    }
  }
}

/** A route's own requirement, in a request that is also one of the chain's operations. The guards are the same. */
export function onOperation(operation: Policy, route: Policy): Policy {
  return { ...operation, ...demanding(operation, route, operation.guard) };
}

/**
 * A policy where the request was granted under another one before. Guards that have let it pass are not asked again, unless
 * the operation is another one now: guards read its path parameters.
 */
export function grantedEarlier(earlier: Policy, asked: Policy): Policy {
  const before = earlier.asked ?? earlier;
  const hasPassed = asked.guard === before.guard && asked.operations === before.operations;
  const guard = hasPassed ? undefined : asked.guard;
  const maxVerdictAgeSeconds = strictest(earlier.maxVerdictAgeSeconds, asked.maxVerdictAgeSeconds);
  return { ...asked, ...demanding(earlier, asked, asked.guard), guard, maxVerdictAgeSeconds, asked };
}

/** Whether what was proved under an earlier policy of the same request is as new as this one wants it. */
export function isNewEnough(before: Policy | undefined, { maxVerdictAgeSeconds: wanted }: Policy): boolean {
  if (before === undefined) return false;
  return wanted === undefined || (before.maxVerdictAgeSeconds ?? Number.POSITIVE_INFINITY) <= wanted;
}

type Demanding = Pick<Policy, 'requirement' | 'plan' | keyof Told>;

/** Clients are told the scopes of all guards, also of those that have let the request pass. */
function demanding(one: Policy, other: Policy, guard: Guard | undefined): Demanding {
  const requirement = demandedBy(one.requirement, other.requirement);
  const plan = new RequirementPlan(requirement, one.plan.maxBodyBytes);
  return { requirement, plan, ...toldOf(plan, guard, one.resourceMetadata) };
}

/** What asks for no credential adds nothing. Beside another, it would have credentials read that it does not look at. */
function demandedBy(...requirements: readonly Requirement[]): Requirement {
  const demanding = requirements.filter((requirement) => handlersOf(requirement).length > 0);
  return together(demanding.length > 0 ? demanding : requirements);
}
