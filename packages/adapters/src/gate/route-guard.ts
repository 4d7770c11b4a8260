import { every, type Guard, type GuardLike } from '@sallyport/core';
import { option } from '@sallyport/core/extend';

/**
 * Turns the guards that a route adds into one; undefined where it adds none.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for what is no guard, such as the request that a framework
 * passes where the function that makes middleware was mounted as middleware
 */
export function routeGuard(guards: readonly GuardLike[]): Guard | undefined {
  if (guards.some(isFrameworkObject))
    throw option.invalid('middleware', 'is made by a call: mount secure(), not secure');
  return guards.length === 0 ? undefined : every(...guards);
}

/** A request or context. */
function isFrameworkObject(guard: GuardLike): boolean {
  return typeof guard === 'object' && guard !== null && !Array.isArray(guard) && !('check' in guard);
}
