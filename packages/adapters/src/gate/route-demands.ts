import { every, type Guard, type GuardLike, type Requirement } from '@sallyport/core';
import { foreignCopy, isRequirement, option } from '@sallyport/core/extend';

/** What a place asks of its requests: the guards that it adds and, in front of them, a requirement of its own. */
export type RouteDemands<Scopes extends string = string> =
  | readonly [...guards: readonly GuardLike<Scopes>[]]
  | readonly [requirement: Requirement, ...guards: readonly GuardLike<Scopes>[]];

/** The demands of a place, told apart. */
export interface CheckedDemands {
  readonly requirement: Requirement | undefined;
  readonly guard: Guard | undefined;
}

/**
 * Tells the requirement from the guards, and turns the guards into one.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for what is neither, such as the request that a framework
 * passes where the function that makes middleware was mounted as middleware
 */
export function checkedDemands(demands: RouteDemands): CheckedDemands {
  const [first, ...others] = demands as readonly unknown[];
  const foreign = foreignCopy(first, 'requirement');
  if (foreign !== undefined) throw foreign;
  const requirement = isRequirement(first) ? first : undefined;
  const guards = (requirement === undefined ? demands : others) as readonly GuardLike[];
  if (guards.some(isRequirement))
    throw option.invalid('a requirement', 'stands first, and alone: put several into one anyOf() or allOf()');
  if (guards.some(isFrameworkObject))
    throw option.invalid('middleware', 'is made by a call: mount secure(), not secure');
  return { requirement, guard: guards.length === 0 ? undefined : every(...guards) };
}

/** A request or context. */
function isFrameworkObject(guard: GuardLike): boolean {
  return typeof guard === 'object' && guard !== null && !Array.isArray(guard) && !('check' in guard);
}
