import { fastifySecurity, principalOf } from '@sallyport/adapters/fastify';
import { optional, requireScopes } from '@sallyport/core';
import Fastify from 'fastify';
import { Orders } from './orders.js';
import { chain, tokens } from './security.js';

const orders = new Orders();
const secure = fastifySecurity(chain);

const app = Fastify({ frameworkErrors: secure.frameworkErrors });
app.addHook('onReady', () => chain.start());
app.addHook('onClose', () => chain.close());
app.get('/health', async () => ({ status: 'up' }));
app.get('/welcome', { onRequest: secure(optional(tokens)) }, async (request) => ({
  hello: principalOf(request).subject || 'guest',
}));

await app.register(
  async (secured) => {
    await secured.register(secure.plugin);
    secured.get('/', { config: { sallyport: { guards: [requireScopes('orders:read')] } } }, async () => orders.all());
    secured.post('/', { onRequest: secure(requireScopes('orders:write')) }, async (request, reply) => {
      const order = orders.add(request.body, principalOf(request).subject);
      if (order === undefined) return reply.code(422).send({ detail: 'An order has an item.' });
      return reply.code(201).send(order);
    });
  },
  { prefix: '/orders' },
);

console.log(`Listening on ${await app.listen({ port: Number(process.env['PORT'] ?? 3000) })}`);
process.once('SIGTERM', () => void app.close());
