import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { koaSecurity, principalOf } from '@sallyport/adapters/koa';
import { optional, requireScopes } from '@sallyport/core';
import Koa from 'koa';
import { Orders } from './orders.js';
import { chain, tokens } from './security.js';

const orders = new Orders();
const secure = koaSecurity(chain);
const guestsToo = secure(optional(tokens));
const mayRead = secure(requireScopes('orders:read'));
const mayWrite = secure(requireScopes('orders:write'));

const app = new Koa();
app.use(async (context, next) => {
  if (context.path !== '/health') return next();
  context.body = { status: 'up' };
});
app.use(async (context, next) => {
  if (context.path !== '/welcome') return next();
  await guestsToo(context, async () => {
    context.body = { hello: principalOf(context).subject || 'guest' };
  });
});
app.use(secure());
app.use((context, next) => (context.method === 'POST' ? mayWrite(context, next) : mayRead(context, next)));
app.use(async (context) => {
  if (context.path !== '/orders') return;
  if (context.method !== 'POST') {
    context.body = orders.all();
    return;
  }
  const order = orders.add(await json(context.req).catch(() => undefined), principalOf(context).subject);
  context.status = order === undefined ? 422 : 201;
  context.body = order ?? { detail: 'An order has an item.' };
});

await chain.start();
const server = app.listen(Number(process.env['PORT'] ?? 3000));
await once(server, 'listening');
console.log(`Listening on http://localhost:${(server.address() as AddressInfo).port}`);
process.once('SIGTERM', () => server.close(() => void chain.close()));
