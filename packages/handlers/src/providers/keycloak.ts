import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import type { TokenClaims } from '../token/token-claims.js';
import { callerBy, textAt } from './caller.js';
import type { ProvidedIntrospection } from './provided.js';

const REALM = {
  /** The URL of the realm, which is its issuer: `https://sso.example.com/realms/shop`. */
  realmUrl: option.text,
  /** Clients whose own roles count beside those of the realm, such as that of your API. Default: none. */
  roleClients: option.optional(option.textOrTexts),
} as const;

export const KEYCLOAK = option.table('KeycloakOptions', {
  ...REALM,
  /** Who is meant by `aud`: one of these. Keycloak writes it where the client has an audience mapper or roles. */
  audience: option.optional(option.textOrTexts),
  /** The clients whose tokens are accepted (`azp`). For realms whose tokens have no `aud`. */
  clients: option.optional(option.textOrTexts),
});

/** What `keycloak` needs to know. */
export interface KeycloakOptions extends option.Given<typeof KEYCLOAK> {}

export const KEYCLOAK_INTROSPECTION = option.table('KeycloakIntrospectionOptions', {
  ...REALM,
  /** Who is meant by `aud`: one of these. It also keeps refresh tokens out, for which old versions of Keycloak answer as well. */
  audience: option.optional(option.textOrTexts),
});

/** What `keycloakIntrospection` needs to know. */
export interface KeycloakIntrospectionOptions extends option.Given<typeof KEYCLOAK_INTROSPECTION> {}

/**
 * A service account has the address of its client in each token: two mappers of its client write it, and nobody can name
 * himself so. The user name `service-account-…` is free to be chosen.
 */
const mapPrincipal = callerBy({
  clientClaims: ['azp'],
  isWorkload: (claims) => (textAt(claims, 'clientAddress') ?? textAt(claims, 'clientHost')) !== undefined,
});

/** How Keycloak names the kind of a token. One of the type DPoP names its key, which is then proved (RFC 9449). */
function isAccessToken(typ: unknown, { cnf }: TokenClaims): boolean {
  return typ === 'Bearer' || (typ === 'DPoP' && typeof cnf === 'object' && cnf !== null);
}

function rolesClaims(roleClients: readonly string[] = []): readonly string[] {
  return ['realm_access.roles', ...roleClients.map((client) => `resource_access.${client}.roles`)];
}

/**
 * A realm of Keycloak as an issuer of JWTs. Keys: those of its metadata. Scopes: `scope`. Roles: those of the realm, and of
 * `roleClients`. A service account is a client, everybody else a user. ID tokens and refresh tokens are refused. Tokens may be
 * bound to a certificate, and with `dpop` of the handler to a key.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = keycloak({ realmUrl: 'https://sso.example.com/realms/shop', audience: 'orders' });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [{ ...issuer, maxTokenAgeSeconds: 600 }] });
 */
export function keycloak(options: KeycloakOptions, name: string = KEYCLOAK.owner): TrustedIssuer {
  const { realmUrl, audience, clients, roleClients } = KEYCLOAK(options, name);
  return {
    issuer: realmUrl,
    audience,
    clients,
    algorithms: ['RS256'],
    keys: { discovery: true },
    acceptTyp: ['JWT'],
    accessTokenClaims: ['scope'],
    requiredClaims: ['sub', 'iat'],
    claimRules: { typ: isAccessToken },
    rolesClaims: rolesClaims(roleClients),
    mapPrincipal,
  };
}

/**
 * A realm of Keycloak that is asked about tokens, for lightweight access tokens, and for sessions that have ended. The
 * endpoint is that of its metadata; roles and callers are read as `keycloak` reads them.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const tokens = new IntrospectionHandler({
 *   realm: 'orders',
 *   clientAuthentication: { method: 'client_secret_basic', clientId: 'orders', clientSecret },
 *   ...keycloakIntrospection({ realmUrl: 'https://sso.example.com/realms/shop', audience: 'orders' }),
 * });
 */
export function keycloakIntrospection(
  options: KeycloakIntrospectionOptions,
  name: string = KEYCLOAK_INTROSPECTION.owner,
): ProvidedIntrospection {
  const { realmUrl, audience, roleClients } = KEYCLOAK_INTROSPECTION(options, name);
  return { issuer: realmUrl, audience, rolesClaims: rolesClaims(roleClients), mapPrincipal };
}
