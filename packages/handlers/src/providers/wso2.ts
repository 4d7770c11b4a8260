import type { PrincipalInit } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import type { TokenClaims } from '../token/token-claims.js';
import { callerBy, textAt } from './caller.js';
import type { ProvidedIntrospection } from './provided.js';

const BASE = {
  /** The URL of the server; for a tenant with its path: `https://is.example.com:9443/t/shop.example.com`. */
  baseUrl: option.text,
} as const;

export const WSO2_IDENTITY_SERVER = option.table('Wso2IdentityServerOptions', {
  ...BASE,
  /** Who is meant by `aud`: the client id of the application, or an audience that was added to it. */
  audience: option.optional(option.textOrTexts),
  /** The clients whose tokens are accepted (`client_id`, `azp`). */
  clients: option.optional(option.textOrTexts),
});

/** What `wso2IdentityServer` needs to know. */
export interface Wso2IdentityServerOptions extends option.Given<typeof WSO2_IDENTITY_SERVER> {}

export const WSO2_INTROSPECTION = option.table('Wso2IntrospectionOptions', {
  ...BASE,
  /** Who is meant by `aud`. Default: it is not looked at; opaque tokens have none. */
  audience: option.optional(option.textOrTexts),
});

/** What `wso2Introspection` needs to know. */
export interface Wso2IntrospectionOptions extends option.Given<typeof WSO2_INTROSPECTION> {}

export const WSO2_API_MANAGER = option.table('Wso2ApiManagerOptions', {
  /** Where the gateway publishes the keys of its assertions, an https URL. */
  jwksUri: option.text,
  /** Who is meant by `aud`, where the gateway is told to write one. By default it writes none. */
  audience: option.optional(option.textOrTexts),
});

/** What `wso2ApiManager` needs to know. */
export interface Wso2ApiManagerOptions extends option.Given<typeof WSO2_API_MANAGER> {}

/** The dialect in which the gateway tells about a request. */
const CLAIMS = 'http://wso2.org/claims';

const callerOfServer = callerBy({ clientClaims: ['azp'], isWorkload: isOfApplication });

const callerOfGateway = callerBy({
  clientClaims: ['azp'],
  isWorkload: (claims) => textAt(claims, `${CLAIMS}/usertype`)?.toUpperCase() === 'APPLICATION',
});

/** Newer servers answer about the token of an application without its kind and without a user. */
function isOfApplication(claims: TokenClaims): boolean {
  const kind = textAt(claims, 'aut');
  return kind === undefined
    ? (textAt(claims, 'sub') ?? textAt(claims, 'username')) === undefined
    : kind === 'APPLICATION';
}

/** The token of an application names the user who owns it. It is not that user who calls. */
function byApplication(init: PrincipalInit, application: string | undefined): PrincipalInit {
  return init.kind === 'client' && application !== undefined ? { ...init, subject: application } : init;
}

function serverPrincipal(init: PrincipalInit, claims: TokenClaims): PrincipalInit {
  const caller = callerOfServer(init, claims);
  return byApplication(caller, caller.clientId);
}

function gatewayPrincipal(init: PrincipalInit, claims: TokenClaims): PrincipalInit {
  const caller = callerOfGateway(init, claims);
  const roles = textAt(claims, `${CLAIMS}/role`)?.split(',') ?? caller.roles;
  const subject = textAt(claims, 'sub') ?? textAt(claims, `${CLAIMS}/enduser`) ?? caller.subject;
  return byApplication({ ...caller, subject, roles }, caller.clientId ?? textAt(claims, `${CLAIMS}/applicationUUId`));
}

/**
 * WSO2 Identity Server as an issuer of JWTs; the key manager of API Manager issues the same. Keys: those of its metadata.
 * Scopes: `scope`. Roles: `roles`. A token of an application (`aut`) makes that application the caller, not the user who
 * owns it. ID tokens are refused.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = wso2IdentityServer({ baseUrl: 'https://is.example.com:9443', audience: 'orders' });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export function wso2IdentityServer(
  options: Wso2IdentityServerOptions,
  name: string = WSO2_IDENTITY_SERVER.owner,
): TrustedIssuer {
  const { baseUrl, audience, clients } = WSO2_IDENTITY_SERVER(options, name);
  return {
    issuer: `${baseUrl}/oauth2/token`,
    audience,
    clients,
    algorithms: ['RS256'],
    keys: { discovery: true },
    acceptTyp: ['JWT'],
    allowMissingTyp: true,
    accessTokenClaims: ['aut', 'scope'],
    requiredClaims: ['sub', 'iat'],
    mapPrincipal: serverPrincipal,
  };
}

/**
 * WSO2 Identity Server, or the key manager of API Manager, that is asked about tokens. A token of an application makes that
 * application the caller. Tokens that never expire are accepted (`exp` is Long.MAX_VALUE).
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const tokens = new IntrospectionHandler({
 *   realm: 'orders',
 *   clientAuthentication: { method: 'client_secret_basic', clientId: 'orders', clientSecret },
 *   ...wso2Introspection({ baseUrl: 'https://am.example.com:9443' }),
 * });
 */
export function wso2Introspection(
  options: Wso2IntrospectionOptions,
  name: string = WSO2_INTROSPECTION.owner,
): ProvidedIntrospection {
  const { baseUrl, audience } = WSO2_INTROSPECTION(options, name);
  return {
    endpoint: `${baseUrl}/oauth2/introspect`,
    issuer: `${baseUrl}/oauth2/token`,
    audience,
    mapPrincipal: serverPrincipal,
  };
}

/**
 * The gateway of WSO2 API Manager as an issuer of the assertions that it sends to its backends, in `X-JWT-Assertion`. The
 * subject is the user of the application (`enduser` where there is no `sub`); if an application acts for itself, it is the
 * caller. Scopes: `scope`. Roles: `http://wso2.org/claims/role`.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = wso2ApiManager({ jwksUri: 'https://gateway.example.com:8243/jwks', audience: 'orders' });
 * const assertions = new JwtHandler({ realm: 'orders', source: 'header:x-jwt-assertion', issuers: [issuer] });
 */
export function wso2ApiManager(options: Wso2ApiManagerOptions, name: string = WSO2_API_MANAGER.owner): TrustedIssuer {
  const { jwksUri, audience } = WSO2_API_MANAGER(options, name);
  return {
    issuer: 'wso2.org/products/am',
    audience,
    algorithms: ['RS256'],
    keys: { jwksUri },
    acceptTyp: ['JWT'],
    allowMissingTyp: true,
    accessTokenClaims: [`${CLAIMS}/apicontext`],
    requiredClaims: ['iat'],
    rolesClaims: [`${CLAIMS}/role`],
    mapPrincipal: gatewayPrincipal,
  };
}
