import Fastify from 'fastify';

const answer = async () => '';
export const app = Fastify();

app.addHook('onRequest', async () => {});
app.get('/health', answer);
app.register(v1, { prefix: '/api/v1' });
app.get('/api/v2/orders', answer);
app.get('/stream/events', answer);
app.setNotFoundHandler(async (_request, reply) => reply.code(404).send());

async function v1(api) {
  api.register(orders, { prefix: '/orders' });
  api.register(
    async (users) => {
      users.get('/', answer);
      users.delete('/sessions/:sessionId', answer);
    },
    { prefix: '/users/:user' },
  );
  api.register(
    async (admin) => {
      admin.get('/stats', answer);
      admin.get('/export/:format?', answer);
    },
    { prefix: '/admin' },
  );
  api.route({ method: ['GET', 'POST'], url: '/reports', handler: answer });
  api.put('/settings', answer);
  api.get('/invoice/:number', answer);
  api.get('/files/*', answer);
  api.all('/echo', answer);
  api.all('/debug/reset', answer);
  api.post('/webhooks/:provider', answer);
  api.route({ method: ['GET', 'POST'], url: '/status', handler: answer });
}

async function orders(api) {
  // Declared late, as a plugin does that waits for a connection.
  await new Promise((resolve) => setImmediate(resolve));
  api.get('/', answer);
  api.post('/', answer);
  api.get('/:id', answer);
  api.delete('/:id', answer);
  api.patch('/:id', answer);
  api.get('/:id/items', answer);
  api.register(async (refund) => refund.post('/', answer), { prefix: '/:id/refund' });
}
