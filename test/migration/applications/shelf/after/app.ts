import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import Router from '@koa/router';
import jwt from 'jsonwebtoken';
import Koa from 'koa';
import { readerOf, secret, secure } from './security.js';
import { type Book, findReader, putOnShelf, shelfOf } from './store.js';

export async function open(): Promise<Server> {
  const app = new Koa();
  app.use(secure());

  const router = new Router();
  router.get('/public/books', (context) => {
    context.body = { books: ['A Tale of Two Cities'] };
  });
  router.post('/login', async (context) => {
    const { email, password } = (await json(context.req)) as Record<string, string>;
    const reader = findReader(String(email));
    if (reader?.password !== password) return context.throw(403, 'Wrong address or password');
    context.body = { token: jwt.sign({ data: { email } }, secret) };
  });
  router.get('/shelf', (context) => {
    const email = readerOf(context);
    context.body = { of: email, books: shelfOf(email) };
  });
  router.post('/shelf', async (context) => {
    putOnShelf(readerOf(context), (await json(context.req)) as Book);
    context.status = 204;
  });
  app.use(router.routes()).use(router.allowedMethods());
  return createServer(app.callback());
}
