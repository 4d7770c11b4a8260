import type { Revocations, SecurityHandler } from '@sallyport/core';
import type { Clock } from '@sallyport/core/extend';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { JwtHandler, type TrustedIssuer } from '@sallyport/handlers/jwt';
import type { Certificate } from './company.js';
import type { OidcProvider } from './oidc-provider.js';

/** Whom tokens are for. */
export const AUDIENCE = 'https://orders.example.com';

/** Where servers stand: in the open, behind a proxy, or without TLS inside a network. */
export type Place = 'open' | 'proxied' | 'inside';

/** Everything that set-ups are made of. */
export interface Surroundings {
  readonly servers: Readonly<Record<Place, OidcProvider>>;
  /** The authority of the company, which signed itself. It has signed the certificates of all servers. */
  readonly authority: string;
  /** Certificates of the API: one of the company, and one that only the API itself signed. */
  readonly certificate: Certificate;
  readonly ownCertificate: Certificate;
  /** A key of the API, in PEM. */
  readonly privateKey: string;
  readonly proxy: string;
}

export interface Services {
  readonly clock: Clock;
  readonly revocations?: Revocations;
}

/** A way in which an authorization server stands, and the handler for its tokens. */
export interface SetUp {
  readonly title: string;
  readonly place: Place;
  readonly tokens: 'opaque' | 'jwt';
  readonly make: (surroundings: Surroundings, services: Services) => SecurityHandler;
}

/** The name of a server without TLS, which only its network knows. */
export const INSIDE = 'keycloak';

export const SECRET = {
  method: 'client_secret_basic',
  clientId: 'orders',
  clientSecret: 'a secret of orders',
} as const;

/** What registration says of the API (RFC 7591 2), under one name for each way to prove itself. */
export function clientsOf({ ownCertificate, publicKeys }: { ownCertificate: object; publicKeys: readonly object[] }) {
  const client = { grant_types: [], response_types: [], redirect_uris: [] };
  const { clientId: client_id, clientSecret: client_secret } = SECRET;
  return [
    { ...client, client_id, client_secret },
    { ...client, client_id: 'orders-key', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: publicKeys } },
    {
      ...client,
      client_id: 'orders-certificate',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'orders',
    },
    {
      ...client,
      client_id: 'orders-own-certificate',
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [ownCertificate] },
    },
    {
      ...client,
      client_id: 'till',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'till',
      tls_client_certificate_bound_access_tokens: true,
    },
    {
      ...client,
      client_id: 'own-till',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [ownCertificate] },
      tls_client_certificate_bound_access_tokens: true,
    },
  ];
}

type IntrospectionPart = Omit<IntrospectionHandlerOptions, 'realm' | 'issuer' | 'audience'>;

function opaque(title: string, place: Place, part: (surroundings: Surroundings) => IntrospectionPart): SetUp {
  return {
    title,
    place,
    tokens: 'opaque',
    make: (surroundings, services) => {
      const { issuer } = surroundings.servers[place];
      return new IntrospectionHandler({ realm: 'orders', issuer, audience: AUDIENCE, ...part(surroundings) }, services);
    },
  };
}

type DiscoveredKeys = Extract<TrustedIssuer['keys'], { readonly discovery: true }>;

function jwt(title: string, place: Place, keys: (surroundings: Surroundings) => Partial<DiscoveredKeys>): SetUp {
  return {
    title,
    place,
    tokens: 'jwt',
    make: (surroundings, services) => {
      const { issuer } = surroundings.servers[place];
      const trusted = { issuer, audience: AUDIENCE, algorithms: 'ES256' } as const;
      const issuers = [{ ...trusted, keys: { discovery: true, ...keys(surroundings) } } as const];
      return new JwtHandler({ realm: 'orders', issuers }, services);
    },
  };
}

const metadataInside = ({ servers }: Surroundings) =>
  `http://${INSIDE}:${servers.inside.port}/.well-known/openid-configuration`;

export const SET_UPS: readonly SetUp[] = [
  opaque('opaque tokens and a client secret (RFC 7662 2)', 'open', ({ authority }) => ({
    clientAuthentication: SECRET,
    outbound: { certificateAuthorities: authority },
  })),
  jwt('JWT access tokens (RFC 9068)', 'open', ({ authority }) => ({
    outbound: { certificateAuthorities: authority },
  })),
  opaque('signed introspection answers (RFC 9701)', 'open', ({ authority }) => ({
    clientAuthentication: SECRET,
    signedAnswers: { algorithms: 'ES256' },
    outbound: { certificateAuthorities: authority },
  })),
  opaque('mutual TLS by a certificate of the company (RFC 8705 2.1)', 'open', ({ authority, certificate }) => ({
    clientAuthentication: { method: 'tls_client_auth', clientId: 'orders-certificate' },
    outbound: { certificateAuthorities: authority, clientCertificate: certificate },
  })),
  opaque('mutual TLS by a certificate that signed itself (RFC 8705 2.2)', 'open', ({ authority, ownCertificate }) => ({
    clientAuthentication: { method: 'tls_client_auth', clientId: 'orders-own-certificate' },
    outbound: { certificateAuthorities: authority, clientCertificate: ownCertificate },
  })),
  opaque('an assertion under a private key (RFC 7523 2.2)', 'open', ({ authority, privateKey }) => ({
    clientAuthentication: { method: 'private_key_jwt', clientId: 'orders-key', privateKey, algorithm: 'ES256' },
    outbound: { certificateAuthorities: authority },
  })),
  opaque('opaque tokens, behind a proxy (RFC 9110 9.3.6)', 'proxied', ({ authority, proxy }) => ({
    clientAuthentication: SECRET,
    outbound: { certificateAuthorities: authority, proxy },
  })),
  jwt('JWT access tokens, behind a proxy (RFC 9110 9.3.6)', 'proxied', ({ authority, proxy }) => ({
    outbound: { certificateAuthorities: authority, proxy },
  })),
  jwt('JWT access tokens, behind the proxy that HTTPS_PROXY names', 'proxied', ({ authority }) => ({
    outbound: { certificateAuthorities: authority, proxy: 'environment' },
  })),
  opaque('opaque tokens, without TLS inside a network', 'inside', (surroundings) => ({
    metadataUrl: metadataInside(surroundings),
    clientAuthentication: SECRET,
    outbound: { allowInsecureHosts: [INSIDE] },
  })),
  jwt('JWT access tokens, without TLS inside a network', 'inside', (surroundings) => ({
    metadataUrl: metadataInside(surroundings),
    outbound: { allowInsecureHosts: [INSIDE] },
  })),
];
