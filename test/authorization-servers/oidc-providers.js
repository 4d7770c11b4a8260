// Real authorization servers for tests: oidc-providers in a process of their own, because the package is an ES module
// only. Started with fork(). Takes orders, one at a time, and answers each with one message. Their time stands still until
// an order sets it.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { interactionPolicy } from 'oidc-provider';

const SCOPES = ['orders:read', 'orders:write'];
const TOKEN_SECONDS = 600;
const JWT_SUFFIX = '/jwt';

let nowMs = Date.now();
Date.now = () => nowMs;

/** Tokens for a resource (RFC 8707) are opaque, unless its indicator ends with `/jwt`. Both are for the same audience. */
function resourceOf(indicator) {
  const isJwt = indicator.endsWith(JWT_SUFFIX);
  return {
    scope: SCOPES.join(' '),
    audience: isJwt ? indicator.slice(0, -JWT_SUFFIX.length) : indicator,
    accessTokenTTL: TOKEN_SECONDS,
    accessTokenFormat: isJwt ? 'jwt' : 'opaque',
    jwt: { sign: { alg: 'ES256' } },
  };
}

/** How users may log in: the first is what everybody does who is asked for nothing else. */
const CLASSES = ['pwd', 'mfa'];

/** A session of another class than the client asks for is no session (RFC 9470 5). */
function loginPolicy() {
  const { base, Check } = interactionPolicy;
  const policy = base();
  const isLacking = ({ oidc }) => oidc.params.acr_values?.split(' ').includes(oidc.acr) === false;
  policy.get('login').checks.add(new Check('acr_values', 'the session is of another class', isLacking));
  return policy;
}

/** Says of a login in access tokens what a step-up asks for (RFC 9068 2.2.1, RFC 9470 6). */
function loginClaims({ oidc }) {
  const { acr, authTime } = oidc.entities.AuthorizationCode ?? {};
  return acr && { acr, auth_time: authTime };
}

/** oidc-provider leaves it to its owner to read the certificates of clients (RFC 8705 2). */
const MUTUAL_TLS = {
  enabled: true,
  tlsClientAuth: true,
  selfSignedTlsClientAuth: true,
  certificateBoundAccessTokens: true,
  getCertificate: ({ socket }) => socket.getPeerX509Certificate?.(),
  certificateAuthorized: ({ socket }) => socket.authorized,
  certificateSubjectMatches: ({ socket }, property, expected) =>
    property === 'tls_client_auth_san_dns' && socket.getPeerX509Certificate().checkHost(expected) !== undefined,
};

async function configurationOf({ clients, discovery, asksForNonces = false }) {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return {
    clients,
    discovery,
    jwks: { keys: [{ ...(await exportJWK(privateKey)), use: 'sig', alg: 'ES256', kid: randomUUID() }] },
    cookies: { keys: [randomUUID()] },
    clientDefaults: { id_token_signed_response_alg: 'ES256', introspection_signed_response_alg: 'ES256' },
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'],
    scopes: ['openid', ...SCOPES],
    acrValues: CLASSES,
    extraTokenClaims: loginClaims,
    interactions: { policy: loginPolicy(), url: (_context, { uid }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: TOKEN_SECONDS,
      ClientCredentials: TOKEN_SECONDS,
      Grant: 86_400,
      IdToken: TOKEN_SECONDS,
      Interaction: TOKEN_SECONDS,
      Session: 86_400,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo: async (_context, resource) => resourceOf(resource) },
      mTLS: MUTUAL_TLS,
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => asksForNonces },
    },
  };
}

/** Users log in by their name alone, without a page. */
async function grantPassword(provider, context) {
  const { client, params } = context.oidc;
  const { username: accountId, scope, resource } = params;
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addResourceScope(resource, scope);
  const token = new provider.AccessToken({ accountId, client, grantId: await grant.save(), gty: 'password', scope });
  token.resourceServer = new provider.ResourceServer(resource, resourceOf(resource));
  context.oidc.entity('AccessToken', token);
  context.body = { access_token: await token.save(), token_type: 'Bearer', expires_in: token.expiration };
}

/** Users log in by their name alone, in the way that the client asks for, and consent to everything. */
async function logIn(provider, request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const { login_hint: accountId, client_id: clientId, scope, resource, acr_values: classes = CLASSES[0] } = params;
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(scope);
  grant.addResourceScope(resource, scope);
  const login = { accountId, acr: classes.split(' ')[0] };
  await provider.interactionFinished(request, response, { login, consent: { grantId: await grant.save() } });
}

/** The doors of each server: the usual one, and with TLS a second one that asks for the certificate of the client. */
const servers = [];
/** Doors that hang up. They keep their port, which otherwise another process could have when they open again. */
const down = new Set();

async function listening(door) {
  door.on('connection', (socket) => {
    if (down.has(door)) socket.destroy();
  });
  door.listen(0);
  await once(door, 'listening');
  return door.address().port;
}

async function open({ issuer, tls, clients, asksForNonces }) {
  const doors = tls
    ? [createHttpsServer(tls), createHttpsServer({ ...tls, requestCert: true, rejectUnauthorized: false })]
    : [createHttpServer()];
  const [port, mutualTlsPort] = await Promise.all(doors.map(listening));
  const name = issuer.replace('{port}', port);
  // Clients with certificates are sent to the second door (RFC 8705 5).
  const alias = `https://${new URL(name).hostname}:${mutualTlsPort}`;
  const discovery = tls && { mtls_endpoint_aliases: { introspection_endpoint: `${alias}/token/introspection` } };
  const provider = new Provider(name, await configurationOf({ clients, discovery, asksForNonces }));
  provider.registerGrantType('password', (context) => grantPassword(provider, context), [
    'username',
    'scope',
    'resource',
  ]);
  const callback = provider.callback();
  const listener = (request, response) =>
    request.url.startsWith('/interaction/') ? logIn(provider, request, response) : callback(request, response);
  for (const door of doors) door.on('request', listener);
  servers.push(doors);
  return { index: servers.length - 1, issuer: name, port, mutualTlsPort };
}

const ORDERS = {
  open,
  stop({ index }) {
    for (const door of servers[index]) {
      down.add(door);
      door.closeAllConnections();
    }
  },
  resume({ index }) {
    for (const door of servers[index]) down.delete(door);
  },
  time(order) {
    nowMs = order.nowMs;
  },
};

process.on('disconnect', () => process.exit());
process.on('message', async ({ order, ...details }) => process.send((await ORDERS[order](details)) ?? {}));
process.send('ready');
