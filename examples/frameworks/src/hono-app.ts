import { type FetchSecurityOptions, fetchSecurity, principalOf } from '@sallyport/adapters/fetch';
import { optional, requireScopes } from '@sallyport/core';
import { Hono } from 'hono';
import { Orders } from './orders.js';
import { chain, tokens } from './security.js';

/** The application, for any server that calls it by a Request. */
export function honoApp(options: FetchSecurityOptions = {}): Hono {
  const orders = new Orders();
  const secure = fetchSecurity(chain, options);
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
  return app;
}
