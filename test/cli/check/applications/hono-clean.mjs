import { Hono } from 'hono';

const answer = (context) => context.text('');
const pass = async (_context, next) => next();

const pets = new Hono();
pets.all('/:id', pass);
pets.get('/', answer).post('/', answer);
pets.get('/:id{[0-9]+}', answer);
pets.get('/:id/picture', answer);
pets.get('/:id{[0-9]+\\.json}', answer);
pets.get('/export/:format?', answer);

export const app = new Hono({ strict: false });
app.use('/shop/*', pass);
app.route('/shop/:tenant/pets', pets);
app.options('/shop/:tenant/pets', answer);
app.get('/about', answer);
