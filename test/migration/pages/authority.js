// Stands for the servers of the pages: an authorization server (oidc-provider), and a realm of Keycloak. Over TLS.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';
import { generate } from 'selfsigned';

const REALM = '/realms/shop';
const API = 'https://orders.example.com';
const CLIENT = { client_id: 'reporting', client_secret: 'of the test alone' };

/** What asks the token endpoint for a token of oidc-provider's own. */
export const TOKEN_REQUEST = { grant_type: 'client_credentials', scope: 'orders:read', resource: API, ...CLIENT };

/** The answers of a realm of Keycloak, as far as servers ask for them. */
function realmAnswers(issuer, jwks) {
  return {
    [`${REALM}/.well-known/openid-configuration`]: { issuer, jwks_uri: `${issuer}/protocol/openid-connect/certs` },
    [`${REALM}/protocol/openid-connect/certs`]: jwks,
  };
}

function providerAt(origin, key) {
  return new Provider(origin, {
    clients: [{ ...CLIENT, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
    scopes: ['orders:read'],
    jwks: { keys: [key] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: 'orders:read', audience: API, accessTokenFormat: 'jwt' }),
      },
    },
  });
}

export class Authority {
  #server;
  #privateKey;

  static async start() {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048,
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    const server = createServer({ key, cert }).listen(0);
    await once(server, 'listening');
    const origin = `https://localhost:${server.address().port}`;
    const pair = await generateKeyPair('RS256', { extractable: true });
    const named = { kid: 'key-1', alg: 'RS256', use: 'sig' };
    const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), ...named }] };
    const answers = realmAnswers(origin + REALM, jwks);
    const provider = providerAt(origin, { ...(await exportJWK(pair.privateKey)), ...named }).callback();
    server.on('request', (request, response) => {
      const answer = answers[request.url];
      if (answer === undefined) return provider(request, response);
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
    });
    return new Authority(server, origin, cert, pair.privateKey);
  }

  constructor(server, origin, certificate, privateKey) {
    this.#server = server;
    this.#privateKey = privateKey;
    this.origin = origin;
    this.certificate = certificate;
  }

  /** What stands in the pages for these servers, and what stands here. */
  get addresses() {
    return { 'https://login.example.com': this.origin, 'https://sso.example.com': this.origin };
  }

  #sign(claims, typ) {
    const signing = new SignJWT({ jti: randomUUID(), ...claims }).setProtectedHeader({
      alg: 'RS256',
      kid: 'key-1',
      typ,
    });
    return signing.setIssuedAt().setExpirationTime('5m').sign(this.#privateKey);
  }

  /** Tokens of other makes than oidc-provider's, signed with the same key. */
  async tokens() {
    const { origin } = this;
    const auth0 = { iss: origin, sub: 'auth0|alice', aud: API, azp: 'web-shop', scope: 'orders:read' };
    const keycloak = {
      ...{ iss: origin + REALM, sub: 'f1e2', aud: 'account', azp: 'web-shop', typ: 'Bearer', scope: 'email profile' },
      ...{ preferred_username: 'alice', realm_access: { roles: ['clerk'] } },
    };
    return {
      auth0: await this.#sign(auth0, 'JWT'),
      auth0WithoutScope: await this.#sign({ ...auth0, scope: 'profile' }, 'JWT'),
      forAnother: await this.#sign({ ...auth0, aud: 'https://another.example.com' }, 'JWT'),
      clerk: await this.#sign(keycloak, 'JWT'),
      noClerk: await this.#sign({ ...keycloak, realm_access: { roles: [] } }, 'JWT'),
      idOfKeycloak: await this.#sign({ ...keycloak, typ: 'ID', scope: undefined }, 'JWT'),
    };
  }

  async close() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
