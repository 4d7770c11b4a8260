import { type GuardLike } from '../guard/guard.js';
import { requireAudience } from '../guard/require-audience.js';
import { type RoleOptions, requireRoles } from '../guard/require-roles.js';
import { requireScopes, type ScopeOptions } from '../guard/require-scopes.js';
import { invalid, nearestHint, type OptionCheck, plainObject, text, textOrTexts } from '../options.js';
import { ownMembers } from '../own-members.js';

/** A guard that still has to be found, where it is one that the application registered. */
export type GuardExpression = (registered: (name: string) => GuardLike) => GuardLike;

const GUARDS = ['requireScopes', 'requireRoles', 'requireAudience'] as const;

/**
 * A guard as data: the name of a registered one, or `{ requireScopes: orders.read }`, `{ requireRoles: [a, b],
 * match: any }`, `{ requireAudience: … }` with the options of these guards beside the list.
 */
export const guardExpression: OptionCheck<GuardExpression> = (value, name) => {
  if (typeof value === 'string') {
    const registeredName = text(value, name);
    return (registered) => registered(registeredName);
  }
  const given = ownMembers(plainObject(value, name));
  const kind = GUARDS.find((each) => Object.hasOwn(given, each));
  if (kind === undefined) {
    const hint = nearestHint(Object.keys(given)[0] ?? '', GUARDS);
    throw invalid(name, `must be the name of a registered guard or have one of ${GUARDS.join(', ')}${hint}`);
  }
  const { [kind]: list, ...options } = given as Record<string, unknown>;
  const names = textOrTexts(list, `${name}.${kind}`);
  const guard = builtInGuard(kind, names, options, name);
  return () => guard;
};

function builtInGuard(
  kind: (typeof GUARDS)[number],
  names: readonly string[],
  options: Record<string, unknown>,
  name: string,
): GuardLike {
  if (kind === 'requireScopes') return requireScopes(names, options as ScopeOptions);
  if (kind === 'requireRoles') return requireRoles(names, options as RoleOptions);
  if (Object.keys(options).length > 0) throw invalid(name, 'has no options beside requireAudience');
  return requireAudience(names);
}
