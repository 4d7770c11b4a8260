import { fastifySecurity, principalOf } from '@sallyport/adapters/fastify';
import Fastify from 'fastify';
import { chain, definition } from './contract.js';
import { Orders } from './orders.js';

const orders = new Orders();
const secure = fastifySecurity(chain);

export const app = Fastify({ frameworkErrors: secure.frameworkErrors });
app.addHook('onClose', () => chain.close());

// All of the security. What each route below needs stands in the definition; a route that is not there gets 404.
await app.register(secure.plugin);

app.get('/v1/orders', async () => orders.all());
app.post('/v1/orders', async (request, reply) => {
  const order = orders.add(request.body, principalOf(request).subject);
  if (order === undefined) return reply.code(422).send({ detail: 'An order has an item.' });
  return reply.code(201).send(order);
});
app.get<{ Params: { orderId: string } }>('/v1/orders/:orderId', async (request, reply) => {
  const order = orders.find(request.params.orderId);
  return order ?? reply.code(404).send({ detail: 'There is no such order.' });
});
app.get('/v1/health', async () => ({ status: 'up' }));
app.get('/v1/openapi.json', async () => definition);

console.log(`Listening on ${await app.listen({ port: Number(process.env['PORT'] ?? 3000) })}`);
process.once('SIGTERM', () => void app.close());
