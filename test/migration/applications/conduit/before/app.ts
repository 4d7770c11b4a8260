import { createServer, type Server } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { articles } from './articles.js';
import { users } from './users.js';

export async function open(): Promise<Server> {
  const app = express();
  app.use(express.json());
  app.get('/', (_request, response) => void response.json({ status: 'API is running on /api' }));
  app.use('/api', users, articles);
  app.use((error: Error, _request: Request, response: Response, next: NextFunction) => {
    if (error.name !== 'UnauthorizedError') return next(error);
    response.status(401).json({ status: 'error', message: 'missing authorization credentials' });
  });
  return createServer(app);
}
