import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import Router from '@koa/router';
import jwt from 'jsonwebtoken';
import Koa from 'koa';
import koaJwt from 'koa-jwt';
import { type Book, findReader, putOnShelf, shelfOf } from './store.js';

const secret = process.env['SHELF_SECRET'] ?? 'of these tests alone, and long enough for HS256';

export async function open(): Promise<Server> {
  const app = new Koa();
  app.use(async (context, next) => {
    try {
      await next();
    } catch (error) {
      if ((error as { status?: unknown }).status !== 401) throw error;
      context.status = 401;
      context.body = { error: 'Protected resource, use Authorization header to get access' };
    }
  });
  app.use(koaJwt({ secret }).unless({ path: [/^\/public/, '/login'] }));

  const router = new Router();
  router.get('/public/books', koaJwt({ secret, passthrough: true }), (context) => {
    const email: string | undefined = context.state['user']?.data.email;
    context.body = { books: ['A Tale of Two Cities'], yours: email === undefined ? 0 : shelfOf(email).length };
  });
  router.post('/login', async (context) => {
    const { email, password } = (await json(context.req)) as Record<string, string>;
    const reader = findReader(String(email));
    if (reader?.password !== password) return context.throw(403, 'Wrong address or password');
    context.body = { token: jwt.sign({ data: { email } }, secret) };
  });
  router.get('/shelf', (context) => {
    const { email } = context.state['user'].data;
    context.body = { of: email, books: shelfOf(email) };
  });
  router.post('/shelf', async (context) => {
    putOnShelf(context.state['user'].data.email, (await json(context.req)) as Book);
    context.status = 204;
  });
  app.use(router.routes()).use(router.allowedMethods());
  return createServer(app.callback());
}
