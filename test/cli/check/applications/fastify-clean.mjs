import Fastify from 'fastify';

const answer = async () => '';

/** Makes the application, as many modules do, so that tests can make their own. */
export default async function build() {
  const app = Fastify();
  app.register(async (shop) => shop.register(pets, { prefix: '/:tenant/pets' }), { prefix: '/shop' });
  app.options('*', { schema: { hide: true } }, answer);
  app.get('/about/', answer);
  await app.listen({ port: 0 });
  return app;
}

async function pets(api) {
  api.get('/', answer);
  api.post('/', answer);
  api.get('/:id(^\\d+$)', answer);
  api.head('/:id/picture', answer);
  api.get('/:id/picture', { exposeHeadRoute: false }, answer);
  api.get('/:id.json', answer);
  api.get('/export', answer);
  api.get('/export/:format', answer);
}
