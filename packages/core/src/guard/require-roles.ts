import * as option from '../options/options.js';
import { quoted } from '../secrecy/quoted.js';
import { forbidden } from '../verdict/verdict.js';
import { type Guard, guard, PERMITTED } from './guard.js';
import { checkedNames, MATCHES } from './required-names.js';

export const ROLES = option.table('RoleOptions', {
  /** Whether every listed role is needed or one is enough. */
  match: option.withDefault(option.oneOf(...MATCHES), 'all'),
});

export interface RoleOptions extends option.Given<typeof ROLES> {}

export const roleOptions: option.Table<option.Kept<typeof ROLES>, RoleOptions> = ROLES;

/**
 * Requires roles: all of them, or one with `match: 'any'`. Otherwise 403; the answer names no role, because roles are
 * not scopes.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const guards = [requireRoles(['manager', 'support'], { match: 'any' })];
 */
export function requireRoles(roles: string | readonly string[], options: RoleOptions = {}): Guard<never> {
  const required = checkedNames('requireRoles', typeof roles === 'string' ? [roles] : roles);
  const { match } = ROLES(options);
  const any = match === 'any';
  const expected = `${any ? 'one of them is needed' : 'needed'}: ${quoted(required)}`;
  return guard(`requireRoles(${required.join(any ? ' | ' : ' ')})`, (principal) => {
    const has = (role: string) => principal.hasRole(role);
    return (any ? required.some(has) : required.every(has))
      ? PERMITTED
      : forbidden('role_missing', { detail: `roles are ${quoted(principal.roles)}, ${expected}` });
  });
}
