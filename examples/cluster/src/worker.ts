import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { httpSecurity } from '@sallyport/adapters/http';
import { chainFrom } from '@sallyport/configuration';
import { Revocations } from '@sallyport/core';
import { RedisRevocationBus, redisStores } from '@sallyport/core/redis';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { createClient } from 'redis';

// One process of the gateway. All of them listen on the same port, and know of each other only by Redis.
const { PORT, REDIS_URL = '', SECURITY_SECRET = '' } = process.env;

// Commands fail at once while Redis is away: nobody waits for it, and the client connects again by itself.
const client = createClient({
  url: REDIS_URL,
  disableOfflineQueue: true,
  socket: { reconnectStrategy: () => 100 },
});
const subscriber = client.duplicate();
for (const each of [client, subscriber]) await each.on('error', () => {}).connect();

const bus = new RedisRevocationBus({ readTimeoutMs: 500 }, { client, subscriber });
const revocations = new Revocations({ secret: SECURITY_SECRET }, { bus });
const chain = await chainFrom(new URL('../security.yaml', import.meta.url), {
  kinds: { ...builtInHandlers, ...redisStores({ client }) },
  revocations,
});
await revocations.start();
await chain.start();

const orders = httpSecurity(chain)(async (request, response, { subject }) => {
  if (request.method === 'DELETE') {
    const [, token = ''] = (request.headers.authorization ?? '').split(' ');
    // False if Redis did not take it: then the other processes learn of it later.
    const isTold = await revocations.revokeToken(token);
    response.writeHead(204, { 'X-Told': String(isTold) }).end();
    return;
  }
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ process: process.pid, caller: subject, orders: [] }));
});
const server = createServer((request, response) => {
  // Refusals have it as well.
  response.setHeader('X-Process', process.pid);
  orders(request, response);
});
server.once('error', ({ message }) => {
  console.error(message);
  process.exit(1);
});
server.listen(Number(PORT), '127.0.0.1');

async function close(): Promise<void> {
  server.close();
  server.closeAllConnections();
  await chain.close();
  await revocations.close();
  for (const each of [client, subscriber]) each.destroy();
  cluster.worker?.disconnect();
}
process.once('SIGTERM', close);
// The terminal sends this to all processes. The first one decides what it means.
process.on('SIGINT', () => {});
