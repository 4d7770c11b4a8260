/** The roles that have each scope. A scope that does not stand in this file is unknown. */
export const ROLES_OF_SCOPE: Readonly<Record<string, readonly string[]>> = {
  'apim:tier_view': ['admin', 'Internal/publisher', 'Internal/creator'],
  'apim:api_publish': ['admin', 'Internal/publisher'],
  'apim:api_create': ['admin', 'Internal/creator'],
  'apim:subscribe': ['admin', 'Internal/subscriber', 'Internal/devops'],
  'apim:admin': ['admin'],
  'apim:analytics_view': ['admin'],
};

/** The scope of a user's token when none of the requested scopes is allowed. */
export const DEFAULT_SCOPE = 'default';
/** The token of an application has this scope too when none of the requested scopes is allowed. */
export const APPLICATION_SCOPE = 'am_application_scope';
/** Open to every user. */
const OPEN_SCOPES: readonly string[] = ['openid'];

export const ALL_SCOPES: readonly string[] = [
  ...Object.keys(ROLES_OF_SCOPE),
  ...OPEN_SCOPES,
  DEFAULT_SCOPE,
  APPLICATION_SCOPE,
];

/** The scopes that a user with these roles may have. */
export function scopesOfRoles(roles: readonly string[]): readonly string[] {
  return Object.entries(ROLES_OF_SCOPE).flatMap(([scope, granted]) =>
    granted.some((role) => roles.includes(role)) ? [scope] : [],
  );
}

/** The requested scopes that a user may have. Unknown and forbidden ones are left out silently. */
export function grantableScopes(requested: readonly string[], roles: readonly string[]): readonly string[] {
  return allowedOf(requested, [...scopesOfRoles(roles), ...OPEN_SCOPES]);
}

/** The same for an application whose owner has these roles. `openid` is left out, because it is about a user. */
export function applicationScopes(requested: readonly string[], rolesOfOwner: readonly string[]): readonly string[] {
  return allowedOf(requested, scopesOfRoles(rolesOfOwner));
}

function allowedOf(requested: readonly string[], allowed: readonly string[]): readonly string[] {
  return [...new Set(requested)].filter((scope) => allowed.includes(scope));
}
