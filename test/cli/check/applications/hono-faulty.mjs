import { Hono } from 'hono';

const answer = (context) => context.text('');
const pass = async (_context, next) => next();

const orders = new Hono();
orders.use(pass);
orders.get('/', answer).post('/', pass, answer);
orders.get('/:id', answer).delete('/:id', answer).patch('/:id', answer);
orders.get('/:id/items', answer);
orders.route('/:id/refund', new Hono().post('/', answer));

const admin = new Hono().get('/stats', answer).get('/export/:format?', answer);
// Hono wraps the handlers of an application with an error handler of its own.
admin.onError((_error, context) => context.text('', 500));

const v1 = new Hono().basePath('/api/v1');
v1.use('*', pass);
v1.route('/orders', orders);
v1.route('/users/:user/sessions', new Hono().delete('/:sessionId', answer));
v1.get('/users/:user', answer);
v1.on(['GET', 'POST'], ['/reports', '/status'], answer);
v1.put('/settings', answer);
v1.get('/invoice/:number', answer);
v1.get('/files/*', answer);
v1.all('/echo', answer);
v1.all('/debug/reset', answer);
v1.post('/webhooks/:provider', answer);
v1.route('/admin', admin);

const app = new Hono();
app.get('/health', answer);
app.get('/api/v2/orders', answer);
app.get('/stream/events', answer);
app.route('/', v1);
app.notFound((context) => context.text('', 404));
export default app;
