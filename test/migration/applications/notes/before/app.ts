import type { Server } from 'node:http';
import cookie from '@fastify/cookie';
import Fastify from 'fastify';
import { authentication } from './authenticate.js';
import { notes } from './notes.js';

export async function open(): Promise<Server> {
  const app = Fastify();
  await app.register(cookie);
  await app.register(authentication);
  await app.register(notes);
  await app.listen({ port: 0, host: 'localhost' });
  return app.server;
}
