import type { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/index.js';
import {
  KEYCLOAK,
  KEYCLOAK_INTROSPECTION,
  type KeycloakIntrospectionOptions,
  type KeycloakOptions,
  keycloak,
  keycloakIntrospection,
} from '../providers/keycloak.js';
import type { ProvidedIntrospection } from '../providers/provided.js';

/** What a provider needs to know, and what it makes of that. Errors name its options by `name`. */
export interface Provider<Options, Made> {
  readonly options: option.Table;
  readonly make: (options: Options, name: string) => Made;
}

/** Providers by the names that configurations use. */
export type Providers<Made> = Readonly<Record<string, Provider<never, Made>>>;

// A type, because an interface does not fit `Providers`.
type Issuers = {
  readonly keycloak: Provider<KeycloakOptions, TrustedIssuer>;
};

/** Those that issue JWTs. */
export const ISSUERS: Issuers = {
  keycloak: { options: KEYCLOAK, make: keycloak },
};

type AuthorizationServers = {
  readonly keycloak: Provider<KeycloakIntrospectionOptions, ProvidedIntrospection>;
};

/** Those that are asked about tokens. */
export const AUTHORIZATION_SERVERS: AuthorizationServers = {
  keycloak: { options: KEYCLOAK_INTROSPECTION, make: keycloakIntrospection },
};
