import Router from '@koa/router';
import Koa from 'koa';
import compose from 'koa-compose';
import mount from 'koa-mount';

const answer = (context) => {
  context.body = '';
};
const pass = (_context, next) => next();

const orders = new Router();
orders.use(pass);
orders.get('/', answer).post('/', pass, answer);
orders.get('/:id', answer).delete('/:id', answer).patch('/:id', answer);
orders.get('/:id/items', answer);
const refunds = new Router({ prefix: '/:id/refund' });
refunds.post('/', answer);
orders.use(refunds.routes());

const v1 = new Router({ prefix: '/api/v1' });
v1.use('/orders', orders.routes(), orders.allowedMethods());
v1.use('/users/:user/sessions', new Router().delete('/:sessionId', answer).routes());
v1.get('/users/:user', answer);
v1.get('/reports', answer).post('/reports', answer);
v1.put('/settings', answer);
v1.get('/invoice/:number', answer);
v1.get('/files/*name', answer);
v1.all('/echo', answer);
v1.all('/debug/reset', answer);
v1.post('/webhooks/:provider', answer);
v1.get('/status', answer).post('/status', answer);

const admin = new Koa();
admin.use(new Router().get('/stats', answer).get('/export{/:format}', answer).routes());

const app = new Koa();
app.use(pass);
app.use(mount('/api/v1/admin', admin));
app.use(compose([pass, v1.routes(), v1.allowedMethods()]));
app.use(new Router().get('/health', answer).get('/api/v2/orders', answer).routes());
app.use(mount('/stream', new Router().get('/events', answer).routes()));
app.use((context) => {
  context.status = 404;
});
export default app;
