import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import Router from '@koa/router';
import { attempt } from '@sallyport/core';
import jwt from 'jsonwebtoken';
import Koa from 'koa';
import { readerOf, secret, secure, tokens } from './security.js';
import { type Book, findReader, putOnShelf, shelfOf } from './store.js';

export async function open(): Promise<Server> {
  const app = new Koa();
  const router = new Router();
  router.get('/public/books', secure(attempt(tokens)), (context) => {
    const email = readerOf(context);
    context.body = { books: ['A Tale of Two Cities'], yours: email === undefined ? 0 : shelfOf(email).length };
  });
  router.post('/login', async (context) => {
    const { email, password } = (await json(context.req)) as Record<string, string>;
    const reader = findReader(String(email));
    if (reader?.password !== password) return context.throw(403, 'Wrong address or password');
    context.body = { token: jwt.sign({ data: { email } }, secret) };
  });
  router.get('/shelf', secure(), (context) => {
    const email = readerOf(context) as string;
    context.body = { of: email, books: shelfOf(email) };
  });
  router.post('/shelf', secure(), async (context) => {
    putOnShelf(readerOf(context) as string, (await json(context.req)) as Book);
    context.status = 204;
  });
  app.use(router.routes()).use(router.allowedMethods());
  return createServer(app.callback());
}
