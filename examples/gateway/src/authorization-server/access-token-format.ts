import type { AsymmetricSigningAlgorithm, Client, ResourceServer } from 'oidc-provider';
import { ALL_SCOPES } from '../scopes.js';

/** The algorithms that the server has a key for. The first one signs when none is named. */
export const SIGNING_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const satisfies AsymmetricSigningAlgorithm[];

const PREFIX = 'urn:gateway:jwt:';

/** The resource indicator (RFC 8707) with which a client asks for a JWT access token signed with an algorithm. */
export function jwtResource(algorithm: (typeof SIGNING_ALGORITHMS)[number] = 'RS256'): string {
  return PREFIX + algorithm;
}

/**
 * Tokens are opaque, unless a resource indicator or the registration of the client (`tokenType: "JWT"`) asks for a JWT.
 */
export function defaultResourceOf(client: Client): string | undefined {
  return client['tokenType'] === 'JWT' ? jwtResource() : undefined;
}

/**
 * A JWT access token (RFC 9068) for the gateway, which clients ask for by an algorithm, or by the address of the API (RFC
 * 8707 2). `undefined` for a resource that does not exist here.
 */
export function resourceServerOf(resource: string, audience: string, ttlSeconds: number): ResourceServer | undefined {
  const named = resource === audience ? jwtResource() : resource;
  const alg = SIGNING_ALGORITHMS.find((algorithm) => jwtResource(algorithm) === named);
  if (alg === undefined) return undefined;
  return {
    scope: ALL_SCOPES.join(' '),
    audience,
    accessTokenTTL: ttlSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg } },
  };
}
