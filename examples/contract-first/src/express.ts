import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import express from 'express';
import { chain, definition } from './contract.js';
import { Orders } from './orders.js';

const orders = new Orders();
export const app = express();

// All of the security. What each route below needs stands in the definition; a route that is not there gets 404.
app.use(expressSecurity(chain)());

app.get('/v1/orders', (_request, response) => void response.json(orders.all()));
app.post('/v1/orders', express.json(), (request, response) => {
  const order = orders.add(request.body, principalOf(request).subject);
  if (order === undefined) response.status(422).json({ detail: 'An order has an item.' });
  else response.status(201).json(order);
});
app.get('/v1/orders/:orderId', (request, response) => {
  const order = orders.find(request.params.orderId);
  if (order === undefined) response.status(404).json({ detail: 'There is no such order.' });
  else response.json(order);
});
app.get('/v1/health', (_request, response) => void response.json({ status: 'up' }));
app.get('/v1/openapi.json', (_request, response) => void response.json(definition));

const server = app.listen(Number(process.env['PORT'] ?? 3000));
await once(server, 'listening');
console.log(`Listening on http://localhost:${(server.address() as AddressInfo).port}`);
process.once('SIGTERM', () => server.close(() => void chain.close()));
