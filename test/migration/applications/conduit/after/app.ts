import { createServer, type Server } from 'node:http';
import express from 'express';
import { articles } from './articles.js';
import { users } from './users.js';

export async function open(): Promise<Server> {
  const app = express();
  app.use(express.json());
  app.get('/', (_request, response) => void response.json({ status: 'API is running on /api' }));
  app.use('/api', users, articles);
  return createServer(app);
}
