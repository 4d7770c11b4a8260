import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import { callerBy } from './caller.js';
import type { ProvidedIntrospection } from './provided.js';

const SERVER = {
  /** The issuer of your authorization server: `https://shop.okta.com/oauth2/default`. */
  issuer: option.text,
  /** Who is meant by `aud`, as the authorization server is set up. */
  audience: option.withDefault(option.textOrTexts, ['api://default']),
} as const;

export const OKTA = option.table('OktaOptions', SERVER);

/** What `okta` needs to know. */
export interface OktaOptions extends option.Given<typeof OKTA> {}

export const OKTA_INTROSPECTION = option.table('OktaIntrospectionOptions', SERVER);

/** What `oktaIntrospection` needs to know. */
export interface OktaIntrospectionOptions extends option.Given<typeof OKTA_INTROSPECTION> {}

/** Only the token of a user has the id of one. */
const mapPrincipal = callerBy({
  clientClaims: ['cid'],
  isWorkload: ({ sub, uid }, clientId) => uid === undefined && sub === clientId,
});

/**
 * A custom authorization server of Okta as an issuer of JWTs. Keys: those of its metadata. Scopes: `scp`. Roles: `groups`,
 * where the server adds that claim. A client that acts for itself is a client, everybody else a user. ID tokens are
 * refused. The tokens of Okta's org server are for Okta alone.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = okta({ issuer: 'https://shop.okta.com/oauth2/default', audience: 'api://orders' });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export function okta(options: OktaOptions, name: string = OKTA.owner): TrustedIssuer {
  const { issuer, audience } = OKTA(options, name);
  return {
    issuer,
    audience,
    algorithms: ['RS256'],
    keys: { discovery: true },
    acceptTyp: ['JWT'],
    allowMissingTyp: true,
    accessTokenClaims: ['cid'],
    scopeClaims: ['scp'],
    rolesClaims: ['groups'],
    mapPrincipal,
  };
}

/**
 * A custom authorization server of Okta that is asked about tokens, so that revoked ones are refused. The endpoint is that
 * of its metadata.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const tokens = new IntrospectionHandler({
 *   realm: 'orders',
 *   clientAuthentication: { method: 'client_secret_basic', clientId: 'orders', clientSecret },
 *   ...oktaIntrospection({ issuer: 'https://shop.okta.com/oauth2/default', audience: 'api://orders' }),
 * });
 */
export function oktaIntrospection(
  options: OktaIntrospectionOptions,
  name: string = OKTA_INTROSPECTION.owner,
): ProvidedIntrospection {
  const { issuer, audience } = OKTA_INTROSPECTION(options, name);
  return { issuer, audience, rolesClaims: ['groups'], mapPrincipal };
}
