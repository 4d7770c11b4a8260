import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { optional, requireScopes } from '@sallyport/core';
import express from 'express';
import { Orders } from './orders.js';
import { chain, tokens } from './security.js';

const orders = new Orders();
const secure = expressSecurity(chain);

const router = express.Router();
router.get('/', secure(requireScopes('orders:read')), (_request, response) => void response.json(orders.all()));
router.post('/', secure(requireScopes('orders:write')), express.json(), (request, response) => {
  const order = orders.add(request.body, principalOf(request).subject);
  if (order === undefined) response.status(422).json({ detail: 'An order has an item.' });
  else response.status(201).json(order);
});

export const app = express();
app.get('/health', (_request, response) => void response.json({ status: 'up' }));
app.get('/welcome', secure(optional(tokens)), (request, response) => {
  response.json({ hello: principalOf(request).subject || 'guest' });
});
app.use('/orders', secure(), router);
