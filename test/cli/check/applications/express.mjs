// One application with faults and one without, for Express 4 and 5, which write some paths differently.
const answer = (_request, response) => response.end();
const pass = (_request, _response, next) => next();

export function faulty(express, { anything, optionalFormat }) {
  const app = express();
  app.use(express.json(), pass);
  app.get('/health', answer);

  const orders = express.Router();
  orders.use(pass);
  orders.get('/', answer).post('/', pass, answer);
  orders.route('/:id').get(answer).delete(answer).patch(answer);
  orders.get('/:id/items', answer);
  const refunds = express.Router({ mergeParams: true });
  refunds.post('/', answer);
  orders.use('/:id/refund', refunds);

  const admin = express();
  admin.get('/stats', answer);
  admin.get(`/export${optionalFormat}`, answer);

  const sessions = express.Router({ mergeParams: true });
  sessions.delete('/:sessionId', answer);

  const v1 = express.Router();
  v1.use('/orders', orders);
  v1.use(['/users/:user/sessions'], sessions);
  v1.get('/users/:user', answer);
  v1.get('/reports', answer);
  v1.post('/reports', answer);
  v1.put('/settings', answer);
  v1.get('/invoice/:number', answer);
  v1.get(`/files/${anything}`, answer);
  v1.all('/echo', answer);
  v1.all('/debug/reset', answer);
  v1.post('/webhooks/:provider', answer);
  v1.get('/status', answer);
  v1.post('/status', answer);

  app.use('/api/v1/admin', admin);
  app.use('/api/v1', pass, v1);
  app.get('/api/v2/orders', answer);
  app.get('/stream/events', answer);
  app.use('/assets', express.static('assets'));
  app.use((_request, response) => response.status(404).end());
  return app;
}

export function clean(express, { optionalFormat }) {
  const app = express();
  app.use(pass, express.json());

  const pets = express.Router();
  pets.get('/', answer);
  pets.post('/', answer);
  pets.get('/:id', answer);
  pets.head('/:id/picture', answer);
  pets.get('/:id/picture', answer);
  pets.get('/:id.json', answer);
  pets.get(`/export${optionalFormat}`, answer);

  const shop = express();
  shop.use('/:tenant/pets', pets);
  app.use('/Shop', pass, shop);
  app.options('/shop/:tenant/pets', answer);
  app.use('/nothing', express.Router());
  app.get('/about/', answer);
  // Listens at once, as many applications do.
  app.listen(0);
  return app;
}
