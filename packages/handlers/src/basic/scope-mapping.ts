import { isScopeToken, memberPath, option } from '@sallyport/core/extend';

/** The scopes that roles bring: role to scope or scopes, or a function of all roles of an account. */
export type ScopesOfRoles =
  | Readonly<Record<string, string | readonly string[]>>
  | ((roles: readonly string[]) => readonly string[]);

/**
 * Compiles a mapping of roles to scopes; without one, roles bring none. A role that it does not name brings none.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function scopeMapping(mapping: ScopesOfRoles | undefined): (roles: readonly string[]) => readonly string[] {
  if (mapping === undefined) return () => [];
  if (typeof mapping === 'function') return mapping;
  if (typeof mapping !== 'object' || mapping === null)
    throw option.invalid('scopesOfRoles', 'must be an object or a function');
  const byRole = new Map(
    Object.entries(mapping).map(([role, scopes], index) => [role, checkedScopes(role, scopes, index)]),
  );
  return (roles) => [...new Set(roles.flatMap((role) => byRole.get(role) ?? []))];
}

function checkedScopes(role: string, scopes: unknown, index: number): readonly string[] {
  const name = memberPath('scopesOfRoles', role, index);
  const list = option.textOrTexts(scopes, name);
  if (!list.every(isScopeToken)) throw option.invalid(name, 'must name scopes as RFC 6749 3.3 allows them');
  return list;
}
