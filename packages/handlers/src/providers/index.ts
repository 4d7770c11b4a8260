export { type Auth0Options, auth0 } from './auth0.js';
export { type ClerkOptions, clerk } from './clerk.js';
export { type CognitoOptions, cognito } from './cognito.js';
export { type EntraOptions, type EntraTenantsOptions, entra, entraTenants } from './entra.js';
export { type GithubActionsOptions, githubActions } from './github-actions.js';
export { type FirebaseOptions, firebase, type GoogleOptions, google } from './google.js';
export {
  type KeycloakIntrospectionOptions,
  type KeycloakOptions,
  keycloak,
  keycloakIntrospection,
} from './keycloak.js';
export { type KubernetesOptions, kubernetes } from './kubernetes.js';
export { type OktaIntrospectionOptions, type OktaOptions, okta, oktaIntrospection } from './okta.js';
export {
  type OryHydraIntrospectionOptions,
  type OryHydraOptions,
  oryHydra,
  oryHydraIntrospection,
} from './ory-hydra.js';
export type { ProvidedIntrospection } from './provided.js';
export { type SupabaseOptions, supabase } from './supabase.js';
export {
  type Wso2ApiManagerOptions,
  type Wso2IdentityServerOptions,
  type Wso2IntrospectionOptions,
  wso2ApiManager,
  wso2IdentityServer,
  wso2Introspection,
} from './wso2.js';
