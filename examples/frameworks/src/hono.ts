import { serve } from '@hono/node-server';
import { fetchSecurity, principalOf } from '@sallyport/adapters/fetch';
import { optional, requireScopes } from '@sallyport/core';
import { Hono } from 'hono';
import { Orders } from './orders.js';
import { chain, tokens } from './security.js';

const orders = new Orders();
const secure = fetchSecurity(chain);

const app = new Hono();
app.get('/health', (context) => context.json({ status: 'up' }));
app.get('/welcome', secure.middleware(optional(tokens)), (context) =>
  context.json({ hello: principalOf(context).subject || 'guest' }),
);
app.use('/orders/*', secure.middleware());
app.get('/orders', secure.middleware(requireScopes('orders:read')), (context) => context.json(orders.all()));
app.post('/orders', secure.middleware(requireScopes('orders:write')), async (context) => {
  const body = await context.req.json().catch(() => undefined);
  const order = orders.add(body, principalOf(context.req.raw).subject);
  return order === undefined ? context.json({ detail: 'An order has an item.' }, 422) : context.json(order, 201);
});

await chain.start();
const server = serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000) }, ({ port }) =>
  console.log(`Listening on http://localhost:${port}`),
);
process.once('SIGTERM', () => server.close(() => void chain.close()));
