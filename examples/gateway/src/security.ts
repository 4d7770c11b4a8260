import { anyOf, type Guard, guard, type Revocations, requireRoles, SecurityChain } from '@sallyport/core';
import type { CounterStore } from '@sallyport/core/extend';
import { BasicHandler, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { type DpopOptions, JwtHandler } from '@sallyport/handlers/jwt';
import { type OpenApiDocument, type OpenApiOptions, openApi } from '@sallyport/openapi';
import { SIGNING_ALGORITHMS } from './authorization-server/access-token-format.js';
import { callerOf, mayReach } from './caller.js';
import type { Machines } from './machines.js';
import { scopesOfRoles } from './scopes.js';
import type { Throttling } from './throttling.js';
import { ALL_USERS } from './users.js';
import { wso2Format } from './wso2-error.js';

export const REALM = 'Gateway API';

/** What the handlers of the API work with. */
export interface ApiSecurity {
  readonly introspection: {
    readonly endpoint: string;
    /** The endpoint's certificate, which no public authority signed. */
    readonly certificate: string;
    readonly clientId: string;
    readonly clientSecret: string;
  };
  /** The issuer of JWT access tokens for this API, and the certificate of the server that publishes its keys. */
  readonly issuer: { readonly issuer: string; readonly audience: string; readonly certificate: string };
  readonly machines: Machines;
  /** What callers may ask for. */
  readonly throttling: Throttling;
  /** Access tokens that ended before their time. Cached answers about them are not used. */
  readonly revocations: Revocations;
}

/**
 * Who proves each scheme of the definition. The authorization server introspects opaque tokens. The JWT access tokens of
 * clients that were registered for them are verified here.
 */
export function apiContract(options: ApiSecurity): OpenApiOptions {
  return {
    schemes: {
      OAuth2Security: anyOf(jwtTokens(options), opaqueTokens(options)),
      ApiKey: options.machines.keys,
      ClientCertificate: options.machines.certificates,
    },
  };
}

/** The default flow: the definition names the scopes of each operation. */
export async function apiSecurity(
  name: string,
  definition: OpenApiDocument | string,
  contract: OpenApiOptions,
  { issuer: { issuer, audience }, throttling: { limits, guards } }: Pick<ApiSecurity, 'issuer' | 'throttling'>,
): Promise<SecurityChain> {
  return new SecurityChain({
    name,
    operations: await openApi(definition, contract),
    limits,
    // What they count is told even where the tenant is foreign: nobody tries tenants without end.
    guards: [...guards, OWN_TENANT],
    format: wso2Format,
    statistics: {},
    // Clients that know only the address learn from this where tokens are issued, and to what they may be bound (RFC 9728).
    resource: {
      identifier: audience,
      name: 'Gateway API',
      authorizationServers: [issuer],
      members: { tls_client_certificate_bound_access_tokens: true },
    },
  });
}

/** Callers reach only what belongs to their own tenant. Callers of the super tenant reach everything. */
const OWN_TENANT: Guard = guard('own_tenant', (principal, { query }) => {
  const tenants = new URLSearchParams(query).getAll('tenantDomain').filter((tenant) => tenant !== '');
  return tenants.every((tenant) => mayReach(callerOf(principal), tenant));
});

/** Tokens may be bound to a key of their client (RFC 9449). Proofs name the address by which clients know this server. */
function proofs({ issuer: { audience } }: ApiSecurity): DpopOptions {
  return { externalUrl: new URL(audience).origin };
}

function opaqueTokens(security: ApiSecurity): IntrospectionHandler {
  const { introspection, revocations } = security;
  const { endpoint, certificate, clientId, clientSecret } = introspection;
  return new IntrospectionHandler(
    {
      realm: REALM,
      endpoint,
      clientAuthentication: { method: 'client_secret_basic', clientId, clientSecret },
      outbound: { certificateAuthorities: [certificate] },
      dpop: proofs(security),
    },
    { revocations },
  );
}

function jwtTokens(security: ApiSecurity): JwtHandler {
  const { issuer, audience, certificate } = security.issuer;
  const keys = { discovery: true, outbound: { certificateAuthorities: [certificate] } } as const;
  const trusted = { issuer, audience, algorithms: SIGNING_ALGORITHMS, keys };
  const { revocations } = security;
  return new JwtHandler({ realm: REALM, issuers: [trusted], dpop: proofs(security) }, { revocations });
}

/**
 * The handler for names and passwords of people. It is used wherever they are sent, so all places share its budgets of
 * failures.
 */
export async function peopleByPassword(counterStore: CounterStore): Promise<BasicHandler> {
  const accounts = await Promise.all(
    ALL_USERS.map(async ({ name, password, roles }) => ({ name, roles, hash: await hashPassword(password) })),
  );
  return new BasicHandler({ realm: REALM, users: new InMemoryUserStore(accounts), scopesOfRoles }, { counterStore });
}

/** Client registration asks for the name and password of a user, such as the administrator. */
export function registrationSecurity(people: BasicHandler): SecurityChain {
  return new SecurityChain({ name: 'client-registration', requirement: people, format: wso2Format });
}

/** Metrics are for the administrator. */
export function metricsSecurity(people: BasicHandler): SecurityChain {
  return new SecurityChain({
    name: 'metrics',
    requirement: people,
    guards: [requireRoles('admin')],
    format: wso2Format,
  });
}
