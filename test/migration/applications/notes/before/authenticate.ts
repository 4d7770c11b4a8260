import jwt from '@fastify/jwt';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: { id: number; name: string; roles: readonly string[] };
    user: { id: number; name: string; roles: readonly string[] };
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    authenticate(request: FastifyRequest, reply: FastifyReply): Promise<void>;
    requireAdmin(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  }
}

export const authentication = fp(async (app) => {
  await app.register(jwt, {
    secret: process.env['NOTES_SECRET'] ?? 'of these tests alone, and long enough for HS256',
    cookie: { cookieName: 'token', signed: false },
  });
  app.decorate('authenticate', async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      await request.jwtVerify();
    } catch {
      await reply.code(401).send({ error: 'Unauthorized' });
    }
  });
  app.decorate('requireAdmin', async (request: FastifyRequest, reply: FastifyReply) => {
    if (!request.user.roles.includes('admin')) await reply.code(403).send({ error: 'Forbidden' });
  });
});
