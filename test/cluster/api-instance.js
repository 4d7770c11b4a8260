// One process of an API (fleet.ts) that shares answers, revocations and once marks over Redis: bearer tokens at every path but
// /hooks, which takes deliveries of webhooks, and /backchannel-logout, which takes logout tokens for `logoutClients`.
import { httpSecurity } from '@sallyport/adapters/http';
import { anyOf, onCacheEvent, Revocations, SecurityChain } from '@sallyport/core';
import { RedisCacheStore, RedisOnceStore, RedisRevocationBus } from '@sallyport/core/redis';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { BackChannelLogout } from '@sallyport/handlers/revocation';
import { WebhookHandler } from '@sallyport/handlers/webhook';
import { createClient, createCluster } from 'redis';
import { runInstance } from '../support/fleet-instance.js';

/** By day other tests keep the machine busy: then nothing is about time. */
const BY_DAY = {
  outbound: { timeoutMs: 25_000 },
  chain: { deadlineMs: 30_000 },
  bus: { readTimeoutMs: 1_000, publishTimeoutMs: 30_000 },
  store: { readTimeoutMs: 1_000 },
  once: { timeoutMs: 5_000 },
  hooks: { storeTimeoutMs: 5_000 },
};
const reconnectStrategy = () => 20;

/** A single Redis at `redisPort`, or the Cluster of which `redisNodes` are some. */
async function connected({ redisPort, redisNodes }) {
  const hosted = (port) => ({ socket: { host: '127.0.0.1', port, reconnectStrategy } });
  const client =
    redisNodes === undefined
      ? createClient({ ...hosted(redisPort), disableOfflineQueue: true })
      : createCluster({
          rootNodes: redisNodes.map(hosted),
          defaults: { disableOfflineQueue: true, socket: { reconnectStrategy } },
        });
  await client.on('error', () => {}).connect();
  return client;
}

function deciding(settings, limits, { store, onceStore, revocations }) {
  const outbound = { allowInsecureLoopback: true, ...limits.outbound };
  const { issuer, audience, jwksUri, introspectionEndpoint, clientId, clientSecret, secret, hookSecret } = settings;
  const jwt = new JwtHandler(
    { realm: 'fleet', issuers: [{ issuer, audience, algorithms: 'ES256', keys: { jwksUri, outbound } }] },
    { revocations },
  );
  const opaque = new IntrospectionHandler(
    {
      realm: 'fleet',
      endpoint: introspectionEndpoint,
      clientAuthentication: { method: 'client_secret_basic', clientId, clientSecret },
      cache: { secret },
      outbound,
    },
    { store, revocations },
  );
  // A delivery is too late after 3 s, so its mark lasts for 7.
  const hooks = new WebhookHandler(
    { scheme: 'stripe', secrets: hookSecret, toleranceSeconds: 3, ...limits.hooks },
    { onceStore },
  );
  return {
    api: new SecurityChain({ name: 'api', requirement: anyOf(jwt, opaque), statistics: {}, ...limits.chain }),
    hooks: new SecurityChain({ name: 'hooks', requirement: hooks, ...limits.chain }),
  };
}

function loggingOut({ issuer, jwksUri, logoutClients = ['nobody'] }, limits, services) {
  const keys = { jwksUri, outbound: { allowInsecureLoopback: true, ...limits.outbound } };
  return new BackChannelLogout({ issuers: [{ issuer, clientId: logoutClients, algorithms: 'ES256', keys }] }, services);
}

runInstance(async (settings) => {
  const [client, subscriber] = await Promise.all([connected(settings), connected(settings)]);
  const { secret, isNightly } = settings;
  const limits = isNightly ? {} : BY_DAY;
  const events = [];
  onCacheEvent(({ kind }) => events.push(kind));
  const revocations = new Revocations(
    { secret },
    { bus: new RedisRevocationBus({ ...limits.bus }, { client, subscriber }) },
  );
  const store = new RedisCacheStore({ ...limits.store }, { client });
  const onceStore = new RedisOnceStore({ secret, ...limits.once }, { client });
  const chains = deciding(settings, limits, { store, onceStore, revocations });
  // Issuers wait longer than people do.
  const patient = new RedisOnceStore({ secret, timeoutMs: 1_000, ...limits.once }, { client });
  const logout = loggingOut(settings, limits, { revocations, onceStore: patient });
  await revocations.start();
  await Promise.all(Object.values(chains).map((chain) => chain.start()));
  const served = (_request, response, { subject }) => response.end(subject);
  const [api, hooks] = [chains.api, chains.hooks].map((chain) => httpSecurity(chain)(served));
  return {
    listener(request, response) {
      if (request.url === '/backchannel-logout') return logout.node(request, response);
      return (request.url === '/hooks' ? hooks : api)(request, response);
    },
    orders: {
      /** When it was revoked, by the clock of this machine, and whether the others were told. */
      async revoke(token) {
        const atMs = Date.now();
        return { atMs, isTold: await revocations.revokeToken(token) };
      },
      establish: () => onceStore.establish(),
      refuses: (tokens) => tokens.filter((token) => revocations.refuses(token)).length,
      /** The kinds of all events so far. */
      events: () => events,
      forgetEvents: () => events.splice(0).length,
      statistics: () => chains.api.statistics,
    },
    async close() {
      await Promise.all(Object.values(chains).map((chain) => chain.close()));
      await logout.close();
      await revocations.close();
      for (const each of [client, subscriber]) each.destroy();
    },
  };
});
