import type { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/index.js';
import { AUTH0, type Auth0Options, auth0 } from '../providers/auth0.js';
import { CLERK, type ClerkOptions, clerk } from '../providers/clerk.js';
import { COGNITO, type CognitoOptions, cognito } from '../providers/cognito.js';
import { ENTRA, type EntraOptions, entra } from '../providers/entra.js';
import { GITHUB_ACTIONS, type GithubActionsOptions, githubActions } from '../providers/github-actions.js';
import { FIREBASE, type FirebaseOptions, firebase, GOOGLE, type GoogleOptions, google } from '../providers/google.js';
import {
  KEYCLOAK,
  KEYCLOAK_INTROSPECTION,
  type KeycloakIntrospectionOptions,
  type KeycloakOptions,
  keycloak,
  keycloakIntrospection,
} from '../providers/keycloak.js';
import { KUBERNETES, type KubernetesOptions, kubernetes } from '../providers/kubernetes.js';
import {
  OKTA,
  OKTA_INTROSPECTION,
  type OktaIntrospectionOptions,
  type OktaOptions,
  okta,
  oktaIntrospection,
} from '../providers/okta.js';
import {
  ORY_HYDRA,
  ORY_HYDRA_INTROSPECTION,
  type OryHydraIntrospectionOptions,
  type OryHydraOptions,
  oryHydra,
  oryHydraIntrospection,
} from '../providers/ory-hydra.js';
import type { ProvidedIntrospection } from '../providers/provided.js';
import { SUPABASE, type SupabaseOptions, supabase } from '../providers/supabase.js';
import {
  WSO2_API_MANAGER,
  WSO2_IDENTITY_SERVER,
  WSO2_INTROSPECTION,
  type Wso2ApiManagerOptions,
  type Wso2IdentityServerOptions,
  type Wso2IntrospectionOptions,
  wso2ApiManager,
  wso2IdentityServer,
  wso2Introspection,
} from '../providers/wso2.js';

/** What a provider needs to know, and what it makes of that. Errors name its options by `name`. */
export interface Provider<Options, Made> {
  readonly options: option.Table;
  readonly make: (options: Options, name: string) => Made;
}

/** Providers by the names that configurations use. */
export type Providers<Made> = Readonly<Record<string, Provider<never, Made>>>;

// A type, because an interface does not fit `Providers`.
type Issuers = {
  readonly auth0: Provider<Auth0Options, TrustedIssuer>;
  readonly clerk: Provider<ClerkOptions, TrustedIssuer>;
  readonly cognito: Provider<CognitoOptions, TrustedIssuer>;
  readonly entra: Provider<EntraOptions, TrustedIssuer>;
  readonly firebase: Provider<FirebaseOptions, TrustedIssuer>;
  readonly githubActions: Provider<GithubActionsOptions, TrustedIssuer>;
  readonly google: Provider<GoogleOptions, TrustedIssuer>;
  readonly keycloak: Provider<KeycloakOptions, TrustedIssuer>;
  readonly kubernetes: Provider<KubernetesOptions, TrustedIssuer>;
  readonly okta: Provider<OktaOptions, TrustedIssuer>;
  readonly oryHydra: Provider<OryHydraOptions, TrustedIssuer>;
  readonly supabase: Provider<SupabaseOptions, TrustedIssuer>;
  readonly wso2ApiManager: Provider<Wso2ApiManagerOptions, TrustedIssuer>;
  readonly wso2IdentityServer: Provider<Wso2IdentityServerOptions, TrustedIssuer>;
};

/** Providers that issue JWTs. */
export const ISSUERS: Issuers = {
  auth0: { options: AUTH0, make: auth0 },
  clerk: { options: CLERK, make: clerk },
  cognito: { options: COGNITO, make: cognito },
  entra: { options: ENTRA, make: entra },
  firebase: { options: FIREBASE, make: firebase },
  githubActions: { options: GITHUB_ACTIONS, make: githubActions },
  google: { options: GOOGLE, make: google },
  keycloak: { options: KEYCLOAK, make: keycloak },
  kubernetes: { options: KUBERNETES, make: kubernetes },
  okta: { options: OKTA, make: okta },
  oryHydra: { options: ORY_HYDRA, make: oryHydra },
  supabase: { options: SUPABASE, make: supabase },
  wso2ApiManager: { options: WSO2_API_MANAGER, make: wso2ApiManager },
  wso2IdentityServer: { options: WSO2_IDENTITY_SERVER, make: wso2IdentityServer },
};

type AuthorizationServers = {
  readonly keycloak: Provider<KeycloakIntrospectionOptions, ProvidedIntrospection>;
  readonly okta: Provider<OktaIntrospectionOptions, ProvidedIntrospection>;
  readonly oryHydra: Provider<OryHydraIntrospectionOptions, ProvidedIntrospection>;
  readonly wso2: Provider<Wso2IntrospectionOptions, ProvidedIntrospection>;
};

/** Providers that are asked about tokens. */
export const AUTHORIZATION_SERVERS: AuthorizationServers = {
  keycloak: { options: KEYCLOAK_INTROSPECTION, make: keycloakIntrospection },
  okta: { options: OKTA_INTROSPECTION, make: oktaIntrospection },
  oryHydra: { options: ORY_HYDRA_INTROSPECTION, make: oryHydraIntrospection },
  wso2: { options: WSO2_INTROSPECTION, make: wso2Introspection },
};
