import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import { callerBy } from './caller.js';

export const AUTH0 = option.table('Auth0Options', {
  /** The domain of the tenant, or your own one: `shop.eu.auth0.com`. */
  domain: option.text,
  /** Who is meant by `aud`: the identifier of your API. */
  audience: option.textOrTexts,
});

/** What `auth0` needs to know. */
export interface Auth0Options extends option.Given<typeof AUTH0> {}

/** A client that acts for itself has itself as subject, with a part that no user has. */
const mapPrincipal = callerBy({
  clientClaims: ['azp'],
  isWorkload: ({ sub }, clientId) => clientId !== undefined && sub === `${clientId}@clients`,
});

/**
 * A tenant of Auth0 as an issuer of JWTs. Keys: those of its metadata. Scopes: `scope`. Roles: `permissions`, which is what a
 * user may do by the roles of Auth0. A client that acts for itself is a client, everybody else a user.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = auth0({ domain: 'shop.eu.auth0.com', audience: 'https://orders.example.com' });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export function auth0(options: Auth0Options, name: string = AUTH0.owner): TrustedIssuer {
  const { domain, audience } = AUTH0(options, name);
  return {
    issuer: `https://${domain}/`,
    audience,
    algorithms: ['RS256'],
    keys: { discovery: true },
    acceptTyp: ['JWT'],
    accessTokenClaims: ['scope', 'permissions', 'gty', 'client_id'],
    requiredClaims: ['sub', 'iat'],
    rolesClaims: ['permissions'],
    mapPrincipal,
  };
}
