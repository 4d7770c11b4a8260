import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpSecurity } from '@sallyport/adapters/http';
import { requireScopes, route, routes, SecurityChain } from '@sallyport/core';
import { ApiKeyHandler, FileApiKeyStore } from '@sallyport/handlers/api-key';
import { Orders } from './orders.js';

/** Partners have keys, in a file. */
const partners = new ApiKeyHandler({
  prefix: 'orders',
  secret: process.env['KEY_SECRET'] ?? '',
  store: new FileApiKeyStore({ path: process.env['KEY_FILE'] ?? 'keys.jsonl' }),
});
const orders = new Orders();
const chain = new SecurityChain({
  name: 'orders',
  requirement: partners,
  operations: routes([route('GET', '/orders', { guards: [requireScopes('orders:read')] })]),
});
const secure = httpSecurity(chain);

const server = createServer(
  secure((_request, response, { subject }) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ readBy: subject, orders: orders.all() }));
  }),
).listen(Number(process.env['PORT'] ?? 3000));

// The first partner's key is printed this once. `sallyport key` makes others.
if ((await partners.keys.list().catch(() => [])).length === 0) {
  const { key } = await partners.keys.create({ subject: 'web-shop', scopes: ['orders:read'] });
  console.log(`export KEY=${key.reveal()}`);
}
await chain.start();
if (!server.listening) await once(server, 'listening');
console.log(`Listening on http://localhost:${(server.address() as AddressInfo).port}`);
process.once('SIGTERM', () => server.close(() => void chain.close()));
