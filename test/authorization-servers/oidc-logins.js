// A real authorization server with users who log in and out: oidc-provider in a process of its own, run as an instance
// (fleet.ts). It posts logout tokens to whatever origins the test names, in turn.
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { runInstance } from '../support/fleet-instance.js';

const SCOPE = 'orders:read';
const RECEIVER = 'https://orders.example/backchannel-logout';
const TOKEN_SECONDS = 3_600;

/** A client that is told of logouts by the session, and one that is told by the user. */
const CLIENTS = [
  { client_id: 'shop', backchannel_logout_session_required: true },
  { client_id: 'till', backchannel_logout_session_required: false },
].map((client) => ({
  ...client,
  client_secret: 'a secret of the client',
  grant_types: ['authorization_code'],
  redirect_uris: ['https://orders.example/callback'],
  post_logout_redirect_uris: ['https://orders.example/bye'],
  backchannel_logout_uri: RECEIVER,
}));

/** Keeps all: the storage that oidc-provider brings drops what comes after a thousand entries. */
class Storage {
  static kept = new Map();
  constructor(name) {
    this.name = name;
  }
  keyOf = (id) => `${this.name}:${id}`;
  async upsert(id, payload) {
    Storage.kept.set(this.keyOf(id), payload);
    if (payload.uid !== undefined) Storage.kept.set(`uid:${payload.uid}`, id);
  }
  async find(id) {
    return Storage.kept.get(this.keyOf(id));
  }
  async findByUid(uid) {
    return this.find(Storage.kept.get(`uid:${uid}`));
  }
  async findByUserCode() {}
  async destroy(id) {
    Storage.kept.delete(this.keyOf(id));
  }
  async revokeByGrantId(grantId) {
    for (const [key, payload] of Storage.kept) if (payload.grantId === grantId) Storage.kept.delete(key);
  }
  async consume(id) {
    (await this.find(id)).consumed = Math.floor(Date.now() / 1_000);
  }
}

runInstance(async ({ issuer, audience, clientId, clientSecret }) => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  let receivers = [];
  let posted = 0;
  /** Logouts that the receivers did not answer with 200. */
  const failures = [];
  /** Sessions that began without a browser, by their grant. */
  const begun = new Map();

  const resourceOf = (indicator) => ({
    scope: SCOPE,
    audience,
    accessTokenTTL: TOKEN_SECONDS,
    accessTokenFormat: indicator.endsWith('jwt') ? 'jwt' : 'opaque',
    jwt: { sign: { alg: 'ES256' } },
  });
  const provider = new Provider(issuer, {
    adapter: Storage,
    clients: [
      ...CLIENTS,
      { client_id: clientId, client_secret: clientSecret, grant_types: [], response_types: [], redirect_uris: [] },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), use: 'sig', alg: 'ES256', kid: randomUUID() }] },
    cookies: { keys: [randomUUID()] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['openid', SCOPE],
    ttl: { AccessToken: TOKEN_SECONDS, Grant: 86_400, Session: 86_400, IdToken: TOKEN_SECONDS, Interaction: 600 },
    pkce: { required: () => false },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    // Tokens name the session, as those of Keycloak and others do.
    extraTokenClaims: (context, { grantId }) => ({
      sid: begun.get(grantId) ?? context.oidc.entities.AuthorizationCode.sid,
    }),
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource(context, form) {
          context.body = form;
        },
      },
      introspection: { enabled: true, allowedPolicy: async () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_context, resource) => resourceOf(resource),
        useGrantedResource: () => true,
      },
    },
    /** Without the guard against addresses of this machine. */
    fetch(url, { method, headers, body }) {
      const origin = receivers[posted++ % receivers.length];
      return fetch(String(url).replace(new URL(RECEIVER).origin, origin), { method, headers, body });
    },
  });
  provider.on('backchannel.error', (_context, { message }) => failures.push(message));
  const callback = provider.callback();

  /** Users log in by their name alone, and consent to everything. */
  async function logIn(request, response) {
    const { params } = await provider.interactionDetails(request, response);
    const grant = new provider.Grant({ accountId: params.login_hint, clientId: params.client_id });
    grant.addOIDCScope(`openid ${SCOPE}`);
    grant.addResourceScope(params.resource, SCOPE);
    const consent = { grantId: await grant.save() };
    await provider.interactionFinished(request, response, { login: { accountId: params.login_hint }, consent });
  }

  return {
    listener: (request, response) =>
      request.url.startsWith('/interaction/') ? logIn(request, response) : callback(request, response),
    orders: {
      deliverTo(origins) {
        receivers = origins;
      },
      failures: () => failures,
      /** A token of a session that has just begun, without the way through a browser. */
      async begin(accountId, resource) {
        const [client, sid] = [await provider.Client.find('shop'), randomUUID()];
        const grant = new provider.Grant({ accountId, clientId: 'shop' });
        grant.addResourceScope(resource, SCOPE);
        const grantId = await grant.save();
        const given = { accountId, client, grantId, sid, gty: 'authorization_code', scope: SCOPE };
        const token = new provider.AccessToken(given);
        token.resourceServer = new provider.ResourceServer(resource, resourceOf(resource));
        begun.set(grantId, sid);
        return { token: await token.save(), sid };
      },
      /** The session ends, and its client is told: what it has answered, and when, by the clock of this machine. */
      async end(accountId, sid) {
        const client = await provider.Client.find('shop');
        const failed = await client.backchannelLogout(accountId, sid).catch((error) => error);
        return { status: failed === undefined ? 200 : failed.response?.status, atMs: Date.now() };
      },
    },
  };
});
