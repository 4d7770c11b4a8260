/** Which roles bring which scope. A scope that stands nowhere here is unknown. */
export const ROLES_OF_SCOPE: Readonly<Record<string, readonly string[]>> = {
  'apim:tier_view': ['admin', 'Internal/publisher', 'Internal/creator'],
  'apim:api_publish': ['admin', 'Internal/publisher'],
  'apim:api_create': ['admin', 'Internal/creator'],
  'apim:subscribe': ['admin', 'Internal/subscriber', 'Internal/devops'],
  'apim:admin': ['admin'],
};

/** What a user's token gets when nothing that was asked for is left. */
export const DEFAULT_SCOPE = 'default';
/** What an application's own token gets in that case. */
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

/** Of the scopes that were asked for, those that a user may have; unknown and forbidden ones drop out silently. */
export function grantableScopes(requested: readonly string[], roles: readonly string[]): readonly string[] {
  return allowedOf(requested, [...scopesOfRoles(roles), ...OPEN_SCOPES]);
}

/** The same for an application whose owner has these roles; there is no user whom `openid` could be about. */
export function applicationScopes(requested: readonly string[], rolesOfOwner: readonly string[]): readonly string[] {
  return allowedOf(requested, scopesOfRoles(rolesOfOwner));
}

function allowedOf(requested: readonly string[], allowed: readonly string[]): readonly string[] {
  return [...new Set(requested)].filter((scope) => allowed.includes(scope));
}
