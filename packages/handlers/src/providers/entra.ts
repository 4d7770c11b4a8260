import { option } from '@sallyport/core/extend';
import type { IssuerResolverOptions } from '../jwt/resolver-options.js';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import { callerBy } from './caller.js';

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** A name of the tenant's domain is in no token. */
const tenantId = option.refined(option.text, (value, name) => {
  if (!GUID.test(value)) throw option.invalid(name, 'must be the id of a tenant, a GUID in lower case');
  return value;
});

const REGISTRATION = {
  /** Who is meant by `aud`: for version 2.0 the client id of your API, for version 1.0 mostly its App ID URI. */
  audience: option.textOrTexts,
  /** The version of the tokens, which the registration of your API decides (`requestedAccessTokenVersion`). */
  version: option.withDefault(option.oneOf('1.0', '2.0'), '2.0'),
} as const;

export const ENTRA = option.table('EntraOptions', {
  /** The id of the tenant, a GUID in lower case. */
  tenant: tenantId,
  ...REGISTRATION,
});

/** What `entra` needs to know. */
export interface EntraOptions extends option.Given<typeof ENTRA> {}

/** Lists and functions both become a function. */
const tenants = option.withSchema<(tenant: string) => boolean, readonly string[] | ((tenant: string) => boolean)>(
  undefined,
  (value, name) => {
    if (typeof value === 'function') return (tenant) => value(tenant) === true;
    const listed = new Set(option.listOf(tenantId)(value, name));
    return (tenant) => listed.has(tenant);
  },
);

export const ENTRA_TENANTS = option.table('EntraTenantsOptions', {
  /** The tenants whose tokens are accepted: a list of ids, or a function that says so at once. */
  tenants,
  ...REGISTRATION,
});

/** What `entraTenants` needs to know. */
export interface EntraTenantsOptions extends option.Given<typeof ENTRA_TENANTS> {}

type Registration = Omit<option.Kept<typeof ENTRA>, 'tenant'>;

const LOGIN = 'https://login.microsoftonline.com';

/** What stands around the id of the tenant in the name of an issuer. */
const ISSUERS = {
  '1.0': ['https://sts.windows.net/', '/'],
  '2.0': [`${LOGIN}/`, '/v2.0'],
} as const;

/** A user has delegated something to the client (`scp`). An application that acts for itself never has that. */
const mapPrincipal = callerBy({
  clientClaims: ['azp', 'appid'],
  isWorkload: ({ idtyp, scp }) => idtyp === 'app' || (idtyp === undefined && scp === undefined),
});

function issuerOf(tenant: string, { audience, version }: Registration): TrustedIssuer {
  const [before, after] = ISSUERS[version];
  const metadataUrl = version === '1.0' ? `${LOGIN}/${tenant}/.well-known/openid-configuration` : undefined;
  return {
    issuer: `${before}${tenant}${after}`,
    audience,
    algorithms: ['RS256'],
    keys: { discovery: true, metadataUrl },
    acceptTyp: ['JWT'],
    accessTokenClaims: ['azp', 'appid'],
    claimRules: { tid: tenant },
    scopeClaims: ['scp'],
    rolesClaims: ['roles'],
    mapPrincipal,
  };
}

/**
 * A tenant of Microsoft Entra ID as an issuer of JWTs. Keys: those of its metadata. Scopes: `scp`. Roles: `roles`, which
 * has the roles of a user and the permissions of an application. Who has `scp` is a user; an application that acts for
 * itself is a client. ID tokens are refused.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = entra({ tenant: '9f0d4d2c-2c6e-4b7a-9a51-0c1d2e3f4a5b', audience: 'e5c1f7aa-0b1c-4d2e-8f3a-6b7c8d9e0f1a' });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export function entra(options: EntraOptions, name: string = ENTRA.owner): TrustedIssuer {
  const { tenant, ...registration } = ENTRA(options, name);
  return issuerOf(tenant, registration);
}

/**
 * Many tenants of Microsoft Entra ID, for an API that is registered for several organisations. Each tenant is an issuer of
 * its own with its own keys, as `entra` makes it.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const tokens = new JwtHandler({
 *   realm: 'orders',
 *   issuerResolver: entraTenants({ tenants: (tenant) => customers.has(tenant), audience: 'e5c1f7aa-0b1c-4d2e-8f3a-6b7c8d9e0f1a' }),
 * });
 */
export function entraTenants(options: EntraTenantsOptions): IssuerResolverOptions {
  const { tenants: isTenant, ...registration } = ENTRA_TENANTS(options);
  const [before, after] = ISSUERS[registration.version];
  const tenantOf = (issuer: string): string | undefined => {
    const tenant = issuer.slice(before.length, issuer.length - after.length);
    return GUID.test(tenant) && issuer === `${before}${tenant}${after}` ? tenant : undefined;
  };
  return {
    trusts: (issuer) => {
      const tenant = tenantOf(issuer);
      return tenant !== undefined && isTenant(tenant);
    },
    resolve: async (issuer) => {
      const tenant = tenantOf(issuer);
      return tenant === undefined ? undefined : issuerOf(tenant, registration);
    },
  };
}
