import type { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/index.js';
import { AUTH0, auth0 } from '../providers/auth0.js';
import { CLERK, clerk } from '../providers/clerk.js';
import { COGNITO, cognito } from '../providers/cognito.js';
import { ENTRA, entra } from '../providers/entra.js';
import { GITHUB_ACTIONS, githubActions } from '../providers/github-actions.js';
import { FIREBASE, firebase, GOOGLE, google } from '../providers/google.js';
import { KEYCLOAK, KEYCLOAK_INTROSPECTION, keycloak, keycloakIntrospection } from '../providers/keycloak.js';
import { KUBERNETES, kubernetes } from '../providers/kubernetes.js';
import { OKTA, OKTA_INTROSPECTION, okta, oktaIntrospection } from '../providers/okta.js';
import { ORY_HYDRA, ORY_HYDRA_INTROSPECTION, oryHydra, oryHydraIntrospection } from '../providers/ory-hydra.js';
import type { ProvidedIntrospection } from '../providers/provided.js';
import { SUPABASE, supabase } from '../providers/supabase.js';
import {
  WSO2_API_MANAGER,
  WSO2_IDENTITY_SERVER,
  WSO2_INTROSPECTION,
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

function provider<Options, Made extends TrustedIssuer | ProvidedIntrospection>(
  options: option.Table,
  make: (options: Options, name: string) => Made,
): Provider<Options, Made> {
  return { options, make };
}

/** Providers that issue JWTs. */
export const ISSUERS = {
  auth0: provider(AUTH0, auth0),
  clerk: provider(CLERK, clerk),
  cognito: provider(COGNITO, cognito),
  entra: provider(ENTRA, entra),
  firebase: provider(FIREBASE, firebase),
  githubActions: provider(GITHUB_ACTIONS, githubActions),
  google: provider(GOOGLE, google),
  keycloak: provider(KEYCLOAK, keycloak),
  kubernetes: provider(KUBERNETES, kubernetes),
  okta: provider(OKTA, okta),
  oryHydra: provider(ORY_HYDRA, oryHydra),
  supabase: provider(SUPABASE, supabase),
  wso2ApiManager: provider(WSO2_API_MANAGER, wso2ApiManager),
  wso2IdentityServer: provider(WSO2_IDENTITY_SERVER, wso2IdentityServer),
} as const;

/** Providers that are asked about tokens. */
export const AUTHORIZATION_SERVERS = {
  keycloak: provider(KEYCLOAK_INTROSPECTION, keycloakIntrospection),
  okta: provider(OKTA_INTROSPECTION, oktaIntrospection),
  oryHydra: provider(ORY_HYDRA_INTROSPECTION, oryHydraIntrospection),
  wso2: provider(WSO2_INTROSPECTION, wso2Introspection),
} as const;
