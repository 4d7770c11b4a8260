import Router from '@koa/router';
import Koa from 'koa';
import mount from 'koa-mount';

const answer = (context) => {
  context.body = '';
};

const pets = new Router({ prefix: '/:tenant/pets' });
pets.get('/', answer).post('/', answer);
pets.get('/:id', answer);
pets.head('/:id/picture', answer).get('/:id/picture', answer);
pets.get('/:id.json', answer);
pets.get('/export{/:format}', answer);

const shop = new Koa();
shop.use(pets.routes()).use(pets.allowedMethods());

const app = new Koa();
app.use(mount('/shop', shop));
app.use(mount('/', new Router().options('/shop/:tenant/pets', answer).get('/about/', answer).routes()));

/** Ready when whatever it needs is there. */
export default Promise.resolve(app);
