import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { SecurityChain } from '@sallyport/core';
import { WebhookHandler } from '@sallyport/handlers/webhook';
import express from 'express';
import { Orders } from './orders.js';

/** A shop delivers orders, signed as Standard Webhooks say. Both know the secret. */
const shop = new WebhookHandler({
  scheme: 'standardWebhooks',
  subject: 'shop',
  secrets: process.env['WEBHOOK_SECRET'] ?? '',
});
const orders = new Orders();
const chain = new SecurityChain({ name: 'deliveries', requirement: shop });
const secure = expressSecurity(chain);

const app = express();
app.get('/health', (_request, response) => void response.json({ status: 'up' }));
// The chain reads the body first. The parser behind finds it again.
app.post('/deliveries', secure(), express.json(), (request, response) => {
  const { subject, claims } = principalOf(request);
  const order = orders.add(request.body, `${subject}, in ${claims['id']}`);
  if (order === undefined) response.status(422).json({ detail: 'An order has an item.' });
  else response.status(201).json(order);
});

await chain.start();
const server = app.listen(Number(process.env['PORT'] ?? 3000));
await once(server, 'listening');
console.log(`Listening on http://localhost:${(server.address() as AddressInfo).port}`);
process.once('SIGTERM', () => server.close(() => void chain.close()));
