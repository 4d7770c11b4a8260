import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import { callerBy } from './caller.js';
import type { ProvidedIntrospection } from './provided.js';

export const ORY_HYDRA = option.table('OryHydraOptions', {
  /** The issuer, as `urls.self.issuer` says it: `https://auth.example.com`. */
  issuer: option.text,
  /** Who is meant by `aud`: what the client asks for. Hydra leaves it empty where nothing was asked for. */
  audience: option.optional(option.textOrTexts),
  /** The clients whose tokens are accepted (`client_id`), where tokens have no `aud`. */
  clients: option.optional(option.textOrTexts),
});

/** What `oryHydra` needs to know. */
export interface OryHydraOptions extends option.Given<typeof ORY_HYDRA> {}

export const ORY_HYDRA_INTROSPECTION = option.table('OryHydraIntrospectionOptions', {
  /** The admin API, which no metadata name: `https://hydra-admin.example.com`; at Ory Network the URL of the project. */
  adminUrl: option.text,
  /** The issuer, as `urls.self.issuer` says it: `https://auth.example.com`. */
  issuer: option.optional(option.text),
  /** Who is meant by `aud`. Hydra leaves it empty where nothing was asked for. Default: `aud` is not looked at. */
  audience: option.optional(option.textOrTexts),
});

/** What `oryHydraIntrospection` needs to know. */
export interface OryHydraIntrospectionOptions extends option.Given<typeof ORY_HYDRA_INTROSPECTION> {}

/** A client that acts for itself is its own subject. */
const mapPrincipal = callerBy({ isWorkload: ({ sub }, clientId) => sub === clientId });

/**
 * Ory Hydra, or a project of Ory Network, as an issuer of JWTs (`strategies.access_token: jwt`). Keys: those of its
 * metadata. Scopes: `scp`, and `scope` where the server writes that. A client that acts for itself is a client, everybody
 * else a user. ID tokens are refused.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = oryHydra({ issuer: 'https://auth.example.com', audience: 'https://orders.example.com' });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export function oryHydra(options: OryHydraOptions, name: string = ORY_HYDRA.owner): TrustedIssuer {
  const { issuer, audience, clients } = ORY_HYDRA(options, name);
  return {
    issuer,
    audience,
    clients,
    algorithms: ['RS256', 'ES256'],
    keys: { discovery: true },
    acceptTyp: ['JWT'],
    accessTokenClaims: ['client_id'],
    scopeClaims: ['scp', 'scope'],
    mapPrincipal,
  };
}

/**
 * Ory Hydra, or a project of Ory Network, that is asked about opaque tokens at its admin API.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const tokens = new IntrospectionHandler({
 *   realm: 'orders',
 *   clientAuthentication: { method: 'bearer', token, clientId: 'orders' },
 *   ...oryHydraIntrospection({ adminUrl: 'https://hydra-admin.example.com', audience: 'https://orders.example.com' }),
 * });
 */
export function oryHydraIntrospection(
  options: OryHydraIntrospectionOptions,
  name: string = ORY_HYDRA_INTROSPECTION.owner,
): ProvidedIntrospection {
  const { adminUrl, issuer, audience } = ORY_HYDRA_INTROSPECTION(options, name);
  return { endpoint: `${adminUrl}/admin/oauth2/introspect`, issuer, audience, mapPrincipal };
}
