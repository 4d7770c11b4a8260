// One process of an API (fleet.ts) whose callers send DPoP proofs. Marks stand in Redis, and nonces have one secret.
import { createPublicKey } from 'node:crypto';
import { httpSecurity } from '@sallyport/adapters/http';
import { SecurityChain } from '@sallyport/core';
import { RedisOnceStore } from '@sallyport/core/redis';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { createClient } from 'redis';
import { runInstance } from '../support/fleet-instance.js';

runInstance(async ({ redisPort, secret, issuer, audience, publicKey, externalUrl }) => {
  const socket = { host: '127.0.0.1', port: redisPort, reconnectStrategy: () => 20 };
  const client = createClient({ socket, disableOfflineQueue: true });
  await client.on('error', () => {}).connect();
  const onceStore = new RedisOnceStore({ secret, timeoutMs: 5_000 }, { client });
  const keys = { publicKey: createPublicKey(publicKey), kid: 'issuer' };
  const handler = new JwtHandler(
    {
      realm: 'fleet',
      issuers: [{ issuer, audience, algorithms: 'ES256', keys }],
      dpop: { externalUrl, secret, storeTimeoutMs: 5_000 },
      clockToleranceSeconds: 0,
    },
    { onceStore },
  );
  const chain = new SecurityChain({ requirement: handler });
  const orders = { establish: () => onceStore.establish(), isReady: () => client.isReady };
  return {
    listener: httpSecurity(chain)((_request, response, { subject }) => response.end(subject)),
    orders,
    async close() {
      await chain.close();
      client.destroy();
    },
  };
});
