import {
  type GuardLike,
  type RoleOptions,
  requireAudience,
  requireRoles,
  requireScopes,
  type ScopeOptions,
} from '@sallyport/core';
import { type HandlerLookup, option, ownMembers } from '@sallyport/core/extend';

/**
 * A guard of a configuration. `registered` finds a guard that the application registered under a name; `handlers` finds
 * the handler that a guard names.
 */
export type GuardExpression = (registered: (name: string) => GuardLike, handlers: HandlerLookup) => GuardLike;

const GUARDS = ['requireScopes', 'requireRoles', 'requireAudience'] as const;

/**
 * A guard as data: the name of a registered one, or `{ requireScopes: orders.read }`,
 * `{ requireRoles: [a, b], match: any }`, `{ requireAudience: … }`. The options of a guard stand beside its list; `of`
 * is the name of a handler.
 */
export const guardExpression: option.Check<GuardExpression> = (value, name) => {
  if (typeof value === 'string') {
    const registeredName = option.text(value, name);
    return (registered) => registered(registeredName);
  }
  const given = ownMembers(option.plainObject(value, name));
  const kind = GUARDS.find((each) => Object.hasOwn(given, each));
  if (kind === undefined) {
    const hint = option.nearestHint(Object.keys(given)[0] ?? '', GUARDS);
    throw option.invalid(name, `must be the name of a registered guard or have one of ${GUARDS.join(', ')}${hint}`);
  }
  const { [kind]: list, ...options } = given as Record<string, unknown>;
  const names = option.textOrTexts(list, `${name}.${kind}`);
  if (kind === 'requireScopes' && Object.hasOwn(options, 'of')) return scopesOf(names, options, name);
  const guard = builtInGuard(kind, names, options, name);
  return () => guard;
};

/** Checks everything but the handler at once, by making the guard without it. */
function scopesOf(
  names: readonly string[],
  { of, ...options }: Record<string, unknown>,
  name: string,
): GuardExpression {
  const handler = option.text(of, `${name}.of`);
  builtInGuard('requireScopes', names, options, name);
  return (_registered, handlers) => requireScopes(names, { ...options, of: handlers(handler) });
}

function builtInGuard(
  kind: (typeof GUARDS)[number],
  names: readonly string[],
  options: Record<string, unknown>,
  name: string,
): GuardLike {
  if (kind === 'requireScopes') return requireScopes(names, options as ScopeOptions);
  if (kind === 'requireRoles') return requireRoles(names, options as RoleOptions);
  if (Object.keys(options).length > 0) throw option.invalid(name, 'has no options beside requireAudience');
  return requireAudience(names);
}
