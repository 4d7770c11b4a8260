// Who the client is in each scenario. In most, it is a browser in which a user agrees.
import {
  ClientCredentialsProvider,
  CrossAppAccessProvider,
  DpopSession,
  PrivateKeyJwtProvider,
  requestJwtAuthorizationGrant,
} from '@modelcontextprotocol/client';
import { Browser } from './browser.js';

const withProofs = async () => new Browser({ dpop: await DpopSession.create() });

/** By the scenario; each takes what the suite tells the client. */
const PROVIDERS = {
  'auth/pre-registration': ({ client_id, client_secret, issuer }) =>
    new Browser({ client: { client_id, client_secret, issuer } }),
  'auth/dpop': withProofs,
  'auth/dpop-nonce': withProofs,
  'auth/client-credentials-basic': ({ client_id: clientId, client_secret: clientSecret }) =>
    new ClientCredentialsProvider({ clientId, clientSecret }),
  'auth/client-credentials-jwt': ({ client_id: clientId, private_key_pem: privateKey, signing_algorithm: algorithm }) =>
    new PrivateKeyJwtProvider({ clientId, privateKey, algorithm }),
  'auth/enterprise-managed-authorization': (context) => {
    const { client_id: clientId, client_secret: clientSecret } = context;
    return new CrossAppAccessProvider({ clientId, clientSecret, assertion: (asked) => grantOf(context, asked) });
  },
  'auth/wif-jwt-bearer': (context) => new Workload(context),
};

/** What an identity provider of the enterprise gives for its own token. */
async function grantOf({ idp_client_id: clientId, idp_id_token: idToken, idp_token_endpoint: tokenEndpoint }, asked) {
  const { authorizationServerUrl: audience, resourceUrl: resource, scope, fetchFn } = asked;
  const options = { tokenEndpoint, audience, resource, idToken, clientId, scope, fetchFn };
  const { jwtAuthGrant } = await requestJwtAuthorizationGrant(options);
  return jwtAuthGrant;
}

/** A workload whose platform has given it a token, which it exchanges (RFC 7523 2.1). */
class Workload {
  redirectUrl = undefined;
  clientMetadata = { redirect_uris: [], token_endpoint_auth_method: 'none' };
  #client;
  #assertion;
  #tokens;

  constructor({ client_id, valid_jwt }) {
    this.#client = { client_id };
    this.#assertion = valid_jwt;
  }

  clientInformation() {
    return this.#client;
  }

  tokens() {
    return this.#tokens;
  }

  saveTokens(tokens) {
    this.#tokens = tokens;
  }

  prepareTokenRequest() {
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    return new URLSearchParams({ grant_type, assertion: this.#assertion });
  }
}

/** Who the client is in this scenario. */
export async function providerFor(scenario, context) {
  const provider = PROVIDERS[scenario];
  return provider === undefined ? new Browser() : provider(context);
}
