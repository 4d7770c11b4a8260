import * as option from '../options/options.js';
import { forbidden } from '../verdict/verdict.js';
import { type Guard, guard, PERMITTED } from './guard.js';
import { checkedNames, MATCHES, type Match } from './required-names.js';

export interface RoleOptions {
  /** Whether every listed role is needed or one is enough. Default `all`. */
  readonly match?: Match | undefined;
}

/**
 * Requires roles: all of them, or one with `match: 'any'`. Otherwise 403; the answer names no role, because roles are
 * not scopes.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function requireRoles(roles: string | readonly string[], options: RoleOptions = {}): Guard {
  const required = checkedNames('requireRoles', typeof roles === 'string' ? [roles] : roles);
  const { match } = option.check('RoleOptions', options, {
    match: option.withDefault(option.oneOf(...MATCHES), 'all'),
  });
  const any = match === 'any';
  const refusal = forbidden('role_missing');
  return guard(`requireRoles(${required.join(any ? ' | ' : ' ')})`, (principal) => {
    const has = (role: string) => principal.hasRole(role);
    return (any ? required.some(has) : required.every(has)) ? PERMITTED : refusal;
  });
}
