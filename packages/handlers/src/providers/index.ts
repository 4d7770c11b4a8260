export {
  type KeycloakIntrospectionOptions,
  type KeycloakOptions,
  keycloak,
  keycloakIntrospection,
} from './keycloak.js';
export type { ProvidedIntrospection } from './provided.js';
